import { kmsRefusal } from "@clef-sh/testkit/aws-kms-server";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { describe, expect, it } from "vitest";
import { FIRST, packedAt, SECOND, serving, stage } from "./aws-kms-stage.js";
import { eventually } from "./eventually.js";
import { itWithMoto, Moto } from "./moto.js";

const UNWRAP_FAILED = { status: 503, code: "DECRYPT_UNWRAP_FAILED" };

describe("cached, under a KMS", () => {
	it("decrypts once for each new artifact, and needs no age key", async () => {
		const { kms, agent, publish, seal } = await stage("300");
		for (let round = 0; round < 5; round += 1) expect(await agent.secrets()).toEqual(FIRST);
		await publish(await seal(2, SECOND));
		await agent.serves(SECOND);
		expect(kms.operations).toEqual(["Decrypt", "Decrypt"]);
		expect((await agent.get("/v1/health")).json()).toMatchObject({ mode: "cached", lastError: null });
		expect(await agent.logged("artifact.refreshed", { revision: "r2" })).toMatchObject({ kmsEnvelope: true });
	});

	it("A15 keeps the last good secrets while KMS denies, throttles, fails or has the key disabled", async () => {
		const { kms, key, agent, publish, seal } = await stage("300");
		const next = await seal(2, SECOND);
		key.denied.add("Decrypt");
		await publish(next);
		const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
		expect(message).toMatch(/does not allow these credentials to decrypt.*kms:Decrypt/);
		expect(await agent.secrets()).toEqual(FIRST);
		for (const code of ["ThrottlingException", "KMSInternalException", "DisabledException"]) {
			kms.respondWith(kmsRefusal(code));
			const before = kms.requests.length;
			await publish(next);
			await eventually("an attempt", () => kms.requests.length > before);
			expect(await agent.secrets()).toEqual(FIRST);
			expect((await agent.get("/v1/ready")).status).toBe(200);
		}
		expect((await agent.get("/v1/health")).json().lastError).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED" });
		key.denied.clear();
		kms.behaveWell();
		await publish(next);
		await agent.serves(SECOND);
		expect((await agent.get("/v1/health")).json().lastError).toBeNull();
	});
});

describe("just-in-time, under a KMS", () => {
	it("decrypts for each request, and keeps nothing between them", async () => {
		const { kms, agent } = await stage("0");
		const before = kms.operations.length;
		for (let round = 0; round < 3; round += 1) expect(await agent.secrets()).toEqual(FIRST);
		expect(kms.operations.length - before).toBe(3);
		expect((await agent.get("/v1/health")).json()).toMatchObject({ mode: "jit" });
		expect(agent.log.map(({ event }) => event)).not.toContain("kms.gate_missing");
	});

	it("answers 503 DECRYPT_UNWRAP_FAILED at once when it is denied, and serves at once when it is not", async () => {
		const { key, agent } = await stage("0");
		for (let round = 0; round < 2; round += 1) {
			key.denied.add("Decrypt");
			expect(await agent.secrets()).toMatchObject(UNWRAP_FAILED);
			expect((await agent.get("/v1/secrets/DATABASE_URL")).status).toBe(503);
			expect((await agent.get("/v1/health")).json().lastError).toMatchObject({
				code: "DECRYPT_UNWRAP_FAILED",
			});
			key.denied.clear();
			expect(await agent.secrets()).toEqual(FIRST);
			expect((await agent.get("/v1/health")).json().lastError).toBeNull();
		}
	});

	it("disabled, waiting for its deletion, throttled, failing: 503 while it lasts, and not longer", async () => {
		const { kms, key, agent } = await stage("0");
		for (const state of ["Disabled", "PendingDeletion"] as const) {
			key.state = state;
			expect(await agent.secrets()).toMatchObject(UNWRAP_FAILED);
			key.state = "Enabled";
			expect(await agent.secrets()).toEqual(FIRST);
		}
		for (const [code, status] of [
			["ThrottlingException", 400],
			["KMSInternalException", 500],
		] as const) {
			kms.respondWith(kmsRefusal(code, status));
			expect(await agent.secrets()).toMatchObject(UNWRAP_FAILED);
			kms.behaveWell();
			expect(await agent.secrets()).toEqual(FIRST);
		}
		kms.delete(key);
		const error = expect.stringContaining("does not know the key");
		expect(await agent.secrets()).toMatchObject({ ...UNWRAP_FAILED, error });
	});

	it("is served through one throttled answer", async () => {
		const { kms, agent } = await stage("0");
		kms.respondWith(kmsRefusal("ThrottlingException"), kms.behaviour);
		expect(await agent.secrets()).toEqual(FIRST);
	});
});

async function motoStage(ttl: string) {
	const moto = await Moto.start();
	const { KeyMetadata } = await moto.kms("CreateKey", {});
	const keyId = String(Object(KeyMetadata).Arn);
	const wrap = async (dataKey: Uint8Array) => {
		const Plaintext = Buffer.from(dataKey).toString("base64");
		const { CiphertextBlob } = await moto.kms("Encrypt", { KeyId: keyId, Plaintext });
		return Buffer.from(String(CiphertextBlob), "base64");
	};
	const seal = (minute: number, secrets: object) =>
		sealEnvelope({
			provider: "aws",
			keyId,
			wrap,
			revision: `r${minute}`,
			packedAt: packedAt(minute),
			secrets,
		});
	// Moto knows of no resource in requests to KMS, so it matches none but all.
	const statement = { Action: "kms:Decrypt", Resource: "*" };
	const keys = await moto.user("agent", statement);
	const served = await serving(await seal(1, FIRST), ttl, {
		...keys,
		AWS_ENDPOINT_URL_KMS: moto.url,
		AWS_CONFIG_FILE: "/nowhere/config",
		AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
		AWS_EC2_METADATA_DISABLED: "true",
	});
	await served.agent.serves(FIRST);
	const allow = (may: boolean) =>
		moto.allow("agent", may ? statement : { ...statement, Action: "kms:Encrypt" });
	return { moto, seal, allow, ...served };
}

itWithMoto("moto, cached: keeps the last good secrets while IAM denies, and recovers", async () => {
	const { agent, publish, seal, allow } = await motoStage("300");
	const next = await seal(2, SECOND);
	await allow(false);
	await publish(next);
	const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
	expect(message).toContain("kms:Decrypt");
	expect(await agent.secrets()).toEqual(FIRST);
	await allow(true);
	await publish(next);
	await agent.serves(SECOND);
});

itWithMoto(
	"moto, just-in-time: 503 at once when IAM denies, and serves at once when it allows again",
	async () => {
		const { agent, allow } = await motoStage("0");
		await allow(false);
		expect(await agent.secrets()).toMatchObject(UNWRAP_FAILED);
		await allow(true);
		expect(await agent.secrets()).toEqual(FIRST);
	},
);
