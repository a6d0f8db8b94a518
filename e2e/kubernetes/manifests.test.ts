import { readFileSync } from "node:fs";
import { configFromEnvironment, ENVIRONMENT_VARIABLES } from "@clef-sh/core/env";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect } from "vitest";
import { agentEnvironment, kustomized, OVERLAYS, podSpec, podSpecs } from "./manifests.js";
import { restrictedProblems } from "./restricted.js";
import { sidecarProblems } from "./sidecar-rules.js";
import { itWithTools, tools } from "./stage.js";
import { lostByKubernetes, typeProblems } from "./types.js";

/** The configuration as the agent reads it; nothing but the age key is in a file that exists. */
function configOf(env: Readonly<Record<string, string>>) {
	return configFromEnvironment(env, (path) => {
		if (path === env.CLEF_AGENT_AGE_KEY_FILE) return vectorKeys.ageSecretKey;
		throw Object.assign(new RangeError(`no ${path}`), { code: "ENOENT" });
	});
}

describe("the overlays of deploy/kubernetes", () => {
	itWithTools("hold nothing that Kubernetes' types refuse", async () => {
		const cases = OVERLAYS.map(async (name) => [name, await kustomized(tools, `overlays/${name}`)] as const);
		const problems = await typeProblems(Object.fromEntries(await Promise.all(cases)));
		expect(problems).toEqual(Object.fromEntries(OVERLAYS.map((name) => [name, []])));
	});

	for (const name of OVERLAYS) {
		itWithTools(`lose nothing when Kubernetes' own code reads them: ${name}`, async () => {
			const objects = await kustomized(tools, `overlays/${name}`);
			const workloads = objects.filter((object) => podSpecs([object]).length > 0);
			expect(workloads).toHaveLength(1);
			for (const workload of workloads) expect(await lostByKubernetes(tools, workload)).toEqual([]);
		});

		itWithTools(`may run where pods are restricted, and work: ${name}`, async () => {
			const objects = await kustomized(tools, `overlays/${name}`);
			expect(restrictedProblems(podSpec(objects))).toEqual([]);
			expect(sidecarProblems(objects)).toEqual([]);
		});

		itWithTools(`configure the agent as it accepts it, once they hold a key: ${name}`, async () => {
			const env = agentEnvironment(await kustomized(tools, `overlays/${name}`));
			const { agent, warnings, tokenFile } = configOf(env);
			expect(agent).toMatchObject({ identity: "api", environment: "production" });
			expect(agent.verifyKeys).toHaveLength(1);
			expect(warnings).toEqual([]);
			expect(tokenFile).toBe("/run/clef-agent/token");
		});
	}

	itWithTools("are refused by the agent as long as no key has taken its place", async () => {
		const env = agentEnvironment(await kustomized(tools, "overlays/age-key"));
		const placeholder = readFileSync(
			new URL("../../deploy/kubernetes/overlays/age-key/kustomization.yaml", import.meta.url),
			"utf8",
		).match(/CLEF_AGENT_VERIFY_KEY=(.*)/)?.[1];
		expect(() => configOf({ ...env, CLEF_AGENT_VERIFY_KEY: placeholder ?? "" })).toThrow(
			/CLEF_AGENT_VERIFY_KEY/,
		);
	});

	itWithTools("give the agent only variables that it knows", async () => {
		const known = ENVIRONMENT_VARIABLES.flatMap(({ name, fileAllowed }) =>
			fileAllowed ? [name, `${name}_FILE`] : [name],
		);
		const environments = await Promise.all(
			OVERLAYS.map(async (name) => agentEnvironment(await kustomized(tools, `overlays/${name}`))),
		);
		const names = new Set(environments.flatMap((env) => Object.keys(env)));
		const strangers = [...names].filter((name) => !known.some((one) => one === name));
		expect(strangers).toEqual(["AZURE_TOKEN_CREDENTIALS"]);
	});
});
