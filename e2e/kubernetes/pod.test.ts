import { rmSync, writeFileSync } from "node:fs";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect } from "vitest";
import { itWith } from "../part.js";
import { kustomized } from "./manifests.js";
import { namespaces, Pod } from "./pod.js";
import { itWithTools, tools } from "./stage.js";

const itInPod = tools.kubectl === "" ? itWithTools : itWith(namespaces);

/** What an application does: ten lines in any language. */
const READ_SECRETS = `
import { readFileSync } from "node:fs";
const token = readFileSync("/run/clef-agent/token", "utf8");
const answer = await fetch("http://127.0.0.1:7779/v1/secrets", { headers: { authorization: "Bearer " + token } });
process.stdout.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
`;

/** Prints a file's mode and owner, or the code of the error that a call ends with. */
const stat = (path: string) => `
import { statSync } from "node:fs";
const { mode, uid, gid } = statSync(${JSON.stringify(path)});
process.stdout.write([(mode & 0o7777).toString(8), uid, gid].join(" "));
`;
const trying = (call: string) => `
import fs from "node:fs";
try { ${call}; process.stdout.write("done"); } catch ({ code }) { process.stdout.write(code); }
`;

async function pod(overlay: string): Promise<Pod> {
	return Pod.start(await kustomized(tools, `overlays/${overlay}`), { age_key: vectorKeys.ageSecretKey });
}

function put(one: Pod, name: Parameters<typeof vector>[0] = "signed"): void {
	writeFileSync(one.artifact, vector(name), { mode: 0o644 });
}

const SUBJECT = { CLEF_AGENT_IDENTITY: "api-gateway" };

describe("a pod as the manifests ask for it", () => {
	itInPod("starts the application once there are secrets, and hands it the token", async () => {
		const one = await pod("age-key");
		const agent = await one.agent(SUBJECT);
		await agent.logged("listening");
		expect(await one.probe("startupProbe")).toMatchObject({ status: 1, stderr: /not ready: not_loaded/ });
		expect(await one.probe("livenessProbe")).toEqual({ status: 0, stdout: "", stderr: "" });
		put(one);
		agent.signal("SIGHUP");
		await one.succeeds("startupProbe");
		const { status, stdout, stderr } = await one.application(READ_SECRETS);
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(JSON.parse(stdout)).toEqual(vectorSecrets);
	});
});
