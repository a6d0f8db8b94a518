import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { clefAgent } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

const SUBJECT = ["--identity", "api-gateway", "--environment", "production"];

async function agentOnFile() {
	const folder = temporaryFolder();
	const source = join(folder, "artifact.json");
	writeFileSync(source, vector("signed"));
	writeFileSync(join(folder, "sign.key"), vectorKeys.ed25519PrivateKey);
	const agent = await AgentProcess.ready({
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	});
	return { agent, folder, source };
}

async function pack(folder: string, source: string, secrets: object): Promise<void> {
	const recipient = ["--recipient", vectorKeys.ageRecipient];
	const args = ["pack", ...SUBJECT, ...recipient, "--sign-key", "sign.key", "-o", source];
	const packed = await clefAgent(args, { cwd: folder, stdin: JSON.stringify(secrets) });
	expect(packed).toEqual({ status: 0, stdout: "", stderr: "" });
}

it.each([
	["tampered", "tampered-ciphertext", "ARTIFACT_DIGEST_MISMATCH"],
	["renamed", "tampered-identity", "ARTIFACT_SIGNATURE_INVALID"],
	["truncated", "truncated", "ARTIFACT_MALFORMED"],
] as const)("keeps the last good secrets when the file is %s, and recovers", async (_, bad, code) => {
	const { agent, folder, source } = await agentOnFile();
	writeFileSync(source, vector(bad));
	const refusal = await agent.logged("artifact.invalid", { code });
	expect(refusal.message).toContain("still serving revision");
	expect(await agent.secrets()).toEqual(vectorSecrets);
	await pack(folder, source, { KEY: "again" });
	await agent.serves({ KEY: "again" });
});

it("keeps the last good secrets when the file is deleted", async () => {
	const { agent, source } = await agentOnFile();
	rmSync(source);
	agent.signal("SIGHUP");
	const failure = await agent.logged("fetch.failed", { code: "SOURCE_NOT_FOUND" });
	expect(failure.message).toContain("still serving revision");
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

it("keeps the last good secrets when the file is emptied", async () => {
	const { agent, source } = await agentOnFile();
	writeFileSync(source, "");
	await agent.logged("artifact.invalid", { code: "ARTIFACT_MALFORMED" });
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

it("serves a new artifact because the file is watched, without waiting for a poll", async () => {
	const { agent, folder, source } = await agentOnFile();
	await pack(folder, source, { KEY: "rotated" });
	// The next poll would come after 27 seconds at the earliest, and this gives up after 15.
	await agent.serves({ KEY: "rotated" });
	expect(agent.log.filter(({ event }) => event === "artifact.refreshed")).toHaveLength(2);
});

it("A1 refuses an older artifact that was validly signed", async () => {
	const { agent, folder, source } = await agentOnFile();
	const older = readFileSync(source);
	await pack(folder, source, { KEY: "newer" });
	await agent.serves({ KEY: "newer" });
	writeFileSync(source, older);
	await agent.logged("artifact.invalid", { code: "ARTIFACT_ROLLED_BACK" });
	expect(await agent.secrets()).toEqual({ KEY: "newer" });
});

it("A9 wipes on revocation, stays revoked on replay, and serves what is packed later", async () => {
	const { agent, folder, source } = await agentOnFile();
	const before = readFileSync(source);
	expect(await clefAgent(["revoke", source])).toEqual({ status: 0, stdout: "", stderr: "" });
	await agent.logged("artifact.revoked");
	expect(await agent.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_REVOKED" });

	writeFileSync(source, before);
	await agent.logged("artifact.invalid", { code: "ARTIFACT_REVOKED" });
	expect(await agent.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_REVOKED" });
	expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "revoked" });

	await pack(folder, source, { KEY: "after" });
	await agent.serves({ KEY: "after" });
});

it("A9 keeps /v1/health at 200 with the code while revoked", async () => {
	const { agent, source } = await agentOnFile();
	writeFileSync(source, '{"revokedAt":"not even a date"}');
	await agent.logged("artifact.revoked");
	expect((await agent.get("/v1/health")).json()).toMatchObject({ status: "ok", state: "revoked" });
});

it("decrypts on every request when just in time", async () => {
	const { source } = await agentOnFile();
	const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: source, CLEF_AGENT_CACHE_TTL: "0" });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect((await agent.get("/v1/health")).json()).toMatchObject({ mode: "jit" });
});
