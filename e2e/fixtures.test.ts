import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type VectorName, vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { temporaryFolder } from "./temporary-folder.js";

const { ed25519PublicKey, ecdsaPublicKey } = vectorKeys;

const KEYS = {
	"no key": "",
	"the Ed25519 key": ed25519PublicKey,
	"the ECDSA key": ecdsaPublicKey,
	"both keys": `${ecdsaPublicKey},${ed25519PublicKey}`,
} as const;

/** An agent on a fixture. */
function agentOn(name: VectorName, trusting: keyof typeof KEYS): Promise<AgentProcess> {
	const key = KEYS[trusting];
	const source = join(temporaryFolder(), "artifact.json");
	writeFileSync(source, vector(name));
	return AgentProcess.listening({
		CLEF_AGENT_SOURCE: source,
		...(key === "" ? {} : { CLEF_AGENT_VERIFY_KEY: key }),
	});
}

describe("is served exactly", () => {
	it.each([
		["plain", "no key"],
		["signed", "no key"],
		["signed", "the Ed25519 key"],
		["signed-expires", "the Ed25519 key"],
		["signed-ecdsa", "the ECDSA key"],
		["signed", "both keys"],
	] as const)("%s with %s", async (name, key) => {
		const agent = await agentOn(name, key);
		await agent.logged("artifact.refreshed", { keyCount: 8 });
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});
});

describe("is refused and never served", () => {
	it.each([
		["signed", "the ECDSA key", "ARTIFACT_SIGNATURE_INVALID"],
		["signed-expires", "the ECDSA key", "ARTIFACT_SIGNATURE_INVALID"],
		["signed-ecdsa", "the Ed25519 key", "ARTIFACT_SIGNATURE_INVALID"],
		["plain", "the Ed25519 key", "ARTIFACT_SIGNATURE_MISSING"],
		["tampered-identity", "the Ed25519 key", "ARTIFACT_SIGNATURE_INVALID"],
		["tampered-ciphertext", "no key", "ARTIFACT_DIGEST_MISMATCH"],
		["tampered-rehashed", "the Ed25519 key", "ARTIFACT_SIGNATURE_INVALID"],
		["tampered-rehashed", "no key", "DECRYPT_AUTHENTICATION_FAILED"],
		["truncated", "no key", "ARTIFACT_MALFORMED"],
	] as const)("%s with %s: %s", async (name, key, code) => {
		const agent = await agentOn(name, key);
		await agent.logged("artifact.invalid", { code });
		expect(await agent.secrets()).toMatchObject({ status: 503, code: "AGENT_NOT_READY" });
		expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "not_loaded" });
		expect((await agent.get("/v1/health")).json()).toMatchObject({ status: "ok", lastError: { code } });
	});

	it("expired", async () => {
		const agent = await agentOn("expired", "no key");
		await agent.logged("artifact.expired");
		expect(await agent.secrets()).toMatchObject({ status: 503 });
		expect((await agent.get("/v1/health")).json()).toMatchObject({ lastError: { code: "ARTIFACT_EXPIRED" } });
	});

	it("revoked", async () => {
		const agent = await agentOn("revoked", "no key");
		await agent.logged("artifact.revoked");
		expect(await agent.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_REVOKED" });
		expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "revoked" });
	});
});
