import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { clefAgent, runProgram } from "../command.js";
import { itWith } from "../part.js";
import { snippetsFor } from "../snippets.js";
import { temporaryFolder } from "../temporary-folder.js";
import { deployFolder, documents, kustomizedFolder, podSpec } from "./manifests.js";
import { namespaces, Pod } from "./pod.js";
import { restrictedProblems } from "./restricted.js";
import { sidecarProblems } from "./sidecar-rules.js";
import { itWithTools, tools } from "./stage.js";
import { typeProblems } from "./types.js";

const snippets = snippetsFor("kubernetes");

/** The lines of shell that the guide, and the page beside the manifests, show. */
const commands = snippets
	.filter(({ language }) => language === "sh")
	.flatMap(({ text }) => text.trim().split("\n"));

/** The folder that a reader has after following the guide. */
async function followed(): Promise<string> {
	const folder = temporaryFolder();
	for (const { text } of snippets.filter(({ language }) => language === "yaml"))
		writeFileSync(join(folder, /^# (\S+\.yaml)\n/.exec(text)?.[1] ?? ""), text);
	cpSync(deployFolder, join(folder, "clef-agent/deploy"), { recursive: true });
	return folder;
}

/** Splits a line as a shell would that has nothing to expand. */
function run(program: string, line: string, cwd: string, more: readonly string[] = []) {
	return runProgram(program, [...line.split(" ").slice(1), ...more], { cwd, env: { HOME: cwd } });
}

describe("the guide", () => {
	it("shows no command but those that are run below", () => {
		expect(commands.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
			"kubectl create",
			"helm dependency",
			"helm template",
			"kubectl kustomize",
		]);
	});

	itWithTools("leads to a workload without a problem", async () => {
		const objects = await kustomizedFolder(tools, await followed());
		expect(objects.map(({ kind }) => kind)).toEqual(["ConfigMap", "Deployment"]);
		expect(await typeProblems({ guide: objects })).toEqual({ guide: [] });
		expect(restrictedProblems(podSpec(objects))).toEqual([]);
		expect(sidecarProblems(objects)).toEqual([]);
	});

	(tools.kubectl === "" ? itWithTools : itWith(namespaces))(
		"leads to a pod that has its secrets",
		async () => {
			const pod = await Pod.start(await kustomizedFolder(tools, await followed()), {
				age_key: vectorKeys.ageSecretKey,
			});
			writeFileSync(pod.artifact, vector("signed"));
			await pod.agent({ CLEF_AGENT_IDENTITY: "api-gateway" });
			await pod.succeeds("startupProbe");
			const code = `
			import { readFileSync } from "node:fs";
			const authorization = "Bearer " + readFileSync("/run/clef-agent/token", "utf8");
			const answer = await fetch("http://127.0.0.1:7779/v1/secrets", { headers: { authorization } });
			process.stdout.write(await answer.text());
		`;
			expect(JSON.parse((await pod.application(code)).stdout)).toEqual(vectorSecrets);
		},
	);

	itWithTools("makes the Secret that the manifests name", async () => {
		const folder = await followed();
		await clefAgent(["keygen", "-o", "age.key"], { cwd: folder });
		const line = commands.find((one) => one.startsWith("kubectl create secret")) ?? "";
		const { stdout, stderr } = await run(tools.kubectl, line, folder, ["--dry-run=client", "-o", "yaml"]);
		const data = { "age.key": readFileSync(join(folder, "age.key"), "base64") };
		expect({ stderr, made: documents(stdout) }).toMatchObject({
			stderr: "",
			made: [{ kind: "Secret", metadata: { name: "clef-agent" }, data }],
		});
		const { volumes } = podSpec(await kustomizedFolder(tools, folder));
		const secret = {
			secretName: "clef-agent",
			defaultMode: 0o440,
			items: [{ key: "age.key", path: "age.key" }],
		};
		expect(volumes).toContainEqual({ name: "clef-agent-age-key", secret });
	});

	itWithTools("shows how to look at an overlay", async () => {
		const lines = commands.filter((one) => one.startsWith("kubectl kustomize "));
		expect(lines).toHaveLength(1);
		const { status, stdout } = await run(tools.kubectl, lines[0] ?? "", join(deployFolder, ".."));
		expect({ status, kinds: documents(stdout).map(({ kind }) => kind) }).toMatchObject({
			status: 0,
			kinds: expect.arrayContaining(["Deployment"]),
		});
	});

	itWithTools("shows Helm's commands as they work", async () => {
		const folder = join(await followed(), "clef-agent");
		const lines = commands.filter((one) => one.startsWith("helm "));
		expect(lines).toHaveLength(2);
		const [built, rendered] = [
			await run(tools.helm, lines[0] ?? "", folder),
			await run(tools.helm, lines[1] ?? "", folder),
		];
		expect([built.status, rendered.status]).toEqual([0, 0]);
		expect(sidecarProblems(documents(rendered.stdout))).toEqual([]);
	});
});
