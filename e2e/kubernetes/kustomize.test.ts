import { describe, expect } from "vitest";
import { kustomized, podSpec } from "./manifests.js";
import { sidecarProblems } from "./sidecar-rules.js";
import { itWithTools, tools } from "./stage.js";

describe("kustomize", () => {
	for (const [title, mistake, problem] of [
		[
			"adds no agent to a workload that does not ask for one",
			{ file: "base/deployment.yaml", from: "clef-agent: sidecar", to: "app: api" },
			"has no agent",
		],
		[
			"leaves settings that nothing generates to be found",
			{ file: "overlays/age-key/kustomization.yaml", from: "- name: clef-agent", to: "- name: agent" },
			"There is no ConfigMap clef-agent",
		],
		[
			"finds a patch of nothing",
			{ file: "overlays/aws-irsa/service-account.yaml", from: "name: api", to: "name: apis" },
			"no matches for",
		],
	] as const) {
		itWithTools(title, async () => {
			const overlay = mistake.file.includes("irsa") ? "aws-irsa" : "age-key";
			const looked = kustomized(tools, `overlays/${overlay}`, mistake).then(sidecarProblems);
			await expect(looked).rejects.toThrow(problem);
		});
	}

	for (const kind of ["StatefulSet", "DaemonSet"]) {
		itWithTools(`adds the agent to a ${kind} too`, async () => {
			const mistake = { file: "base/deployment.yaml", from: "kind: Deployment", to: `kind: ${kind}` };
			const objects = await kustomized(tools, "overlays/disk-cache", mistake);
			expect(objects.map((one) => one.kind)).toContain(kind);
			expect(sidecarProblems(objects)).toEqual([]);
		});
	}

	itWithTools("puts the agent before other init containers, so that they can ask it too", async () => {
		const mistake = {
			file: "base/deployment.yaml",
			from: "      containers:",
			to: "      initContainers:\n        - name: migrate\n          image: x\n      containers:",
		};
		const spec = podSpec(await kustomized(tools, "overlays/age-key", mistake));
		expect(spec.initContainers).toMatchObject([{ name: "clef-agent" }, { name: "migrate" }]);
	});
});
