import { createHash } from "node:crypto";
import { sealFields, signFields } from "@clef-sh/testkit/artifacts";
import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { FIRST, packedAt, SECOND, serving, stage } from "./aws-kms-stage.js";
import { eventually } from "./eventually.js";

describe.each([
	["cached", "300"],
	["just-in-time", "0"],
])("%s", (mode, ttl) => {
	it("says what to check when the key is of another region than the endpoint, or is gone", async () => {
		const { kms, key, agent, publish, seal } = await stage(ttl);
		await publish(await seal(2, SECOND, { keyId: key.arn.replace(kms.region, "us-east-1") }));
		await eventually("the wrong region's sentence", async () => {
			await agent.secrets();
			return agent.stderr.includes("does not accept the signature");
		});
		expect(await agent.secrets()).toEqual(FIRST);
		await publish(
			await seal(3, SECOND, { keyId: key.arn.replace(/.$/, (last) => (last === "0" ? "1" : "0")) }),
		);
		await eventually("another Decrypt", async () => {
			await agent.secrets();
			return kms.operations.length > 3;
		});
		expect(await agent.secrets()).toEqual(FIRST);
		await publish(await seal(4, SECOND));
		await agent.serves(SECOND);
	});

	it("A13 refuses wrong lengths of tag and IV before any KMS call, and of the data key before it is used", async () => {
		const { kms, key, agent, publish, seal } = await stage(ttl);
		const before = kms.operations.length;
		for (const [minute, field, bytes] of [
			[2, "authTag", 4],
			[3, "authTag", 15],
			[4, "iv", 16],
		] as const) {
			await publish(
				await seal(minute, SECOND, { tamper: { [field]: Buffer.alloc(bytes, 1).toString("base64") } }),
			);
			await agent.logged("artifact.invalid", { code: "ARTIFACT_MALFORMED" });
		}
		expect(kms.operations.length).toBe(before);
		expect(await agent.secrets()).toEqual(FIRST);
		const wrap = () => encryptWith(key, Buffer.alloc(16, 7));
		await publish(await seal(5, SECOND, { wrap }));
		await eventually("the refusal", async () => {
			await agent.secrets();
			return agent.stderr.includes("16 bytes instead of 32");
		});
		expect(await agent.secrets()).toEqual(FIRST);
	});

	it("A15 calls no KMS for what is unsigned, wrongly signed, of an unknown provider or names a foreign key", async () => {
		const { kms, agent, publish, seal } = await stage(ttl);
		const calls = () => kms.operations.length;
		const before = calls();
		await publish(await seal(2, SECOND, { signingKey: false }));
		await agent.logged("artifact.invalid", { code: "ARTIFACT_SIGNATURE_MISSING" });
		const forged = JSON.parse((await seal(3, SECOND)).toString());
		forged.envelope.keyId = "alias/clef";
		await publish(Buffer.from(JSON.stringify(forged)));
		await agent.logged("artifact.invalid", { code: "ARTIFACT_SIGNATURE_INVALID" });
		await publish(await seal(4, SECOND, { provider: "evil" }));
		await agent.logged("artifact.invalid", { code: "ARTIFACT_MALFORMED" });
		expect(calls()).toBe(before);
		expect(await agent.secrets()).toEqual(FIRST);
		const beforeForeign = calls();
		await publish(await seal(5, SECOND, { keyId: `${kms.url}/keys/evil` }));
		await eventually("the refusal", async () => {
			await agent.secrets();
			return agent.log.find(({ code }) => code === "DECRYPT_UNWRAP_FAILED");
		});
		expect(await agent.secrets()).toEqual(FIRST);
		expect(agent.stderr).not.toContain("/keys/evil");
		// Just-in-time may have answered from the artifact before while it waited.
		if (mode === "cached") expect(calls()).toBe(beforeForeign);
	});

	it("A5 refuses the same revision with another ciphertext, unsigned or signed, under a new entity tag", async () => {
		const { agent, publish, seal } = await stage(ttl);
		await publish(await seal(1, SECOND, { signingKey: false }));
		await agent.logged("artifact.invalid", { code: "ARTIFACT_SIGNATURE_MISSING" });
		expect(await agent.secrets()).toEqual(FIRST);
		await publish(await seal(1, SECOND));
		await agent.logged("artifact.invalid", { code: "ARTIFACT_EQUIVOCATED" });
		expect(await agent.secrets()).toEqual(FIRST);
		await publish(await seal(2, SECOND));
		await agent.serves(SECOND);
	});

	it("A14 refuses hostile age files with bounded work, and serves what comes after", async () => {
		const fields = await sealFields({ secrets: FIRST, packedAt: packedAt(1), revision: "r1" });
		const { agent, publish } = await serving(Buffer.from(JSON.stringify(fields)), ttl, {
			CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
			// A failure with the same code as the one before is logged at this level only.
			CLEF_AGENT_LOG_LEVEL: "debug",
		});
		await agent.serves(FIRST);
		const whole = Buffer.from(String(fields.ciphertext), "base64");
		const hostile: readonly (readonly [string, Uint8Array])[] = [
			["more than the 256 allowed", ageHeader("-> X25519 AAAA\nAAAA\n".repeat(300))],
			["a passphrase", ageHeader("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 63\nAAAA\n")],
			["damaged, cut short or forged", whole.subarray(0, -1)],
			["an armored age file", Buffer.from("-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n")],
		];
		for (const [index, [sentence, bytes]] of hostile.entries()) {
			await publish(resealed(fields, bytes, index + 2));
			await eventually(sentence, async () => {
				await agent.secrets();
				return agent.stderr.includes(sentence);
			});
			expect(await agent.secrets()).toEqual(FIRST);
		}
		await publish(resealed(fields, whole, 10));
		await agent.serves(FIRST);
	});
});

function ageHeader(stanzas: string): Buffer {
	return Buffer.from(
		`age-encryption.org/v1\n${stanzas}--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n${"x".repeat(64)}`,
	);
}

function resealed(fields: object, bytes: Uint8Array, minute: number): Buffer {
	const ciphertext = Buffer.from(bytes).toString("base64");
	const ciphertextHash = createHash("sha256").update(ciphertext).digest("hex");
	const next = { ...fields, ciphertext, ciphertextHash, revision: `r${minute}`, packedAt: packedAt(minute) };
	return Buffer.from(JSON.stringify(signFields(next)));
}
