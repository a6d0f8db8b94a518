import { createHash, randomBytes, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { decryptWith, encryptWith, makeAwsKey, signWith } from "../src/aws-kms-key.js";

describe("a key of the fake KMS", () => {
	it("signs a digest so that it verifies as its message's signature, whatever bits the numbers begin with", () => {
		const key = makeAwsKey("ECC_NIST_P256", "eu-central-1");
		for (let round = 0; round < 20; round += 1) {
			const message = randomBytes(5_000);
			const digest = createHash("sha256").update(message).digest();
			const publicKey = key.pair?.publicKey ?? "";
			expect(verify("sha256", message, publicKey, signWith(key, digest, "DIGEST"))).toBe(true);
			expect(verify("sha256", message, publicKey, signWith(key, message, "RAW"))).toBe(true);
			expect(verify("sha256", message, publicKey, signWith(key, digest, "RAW"))).toBe(false);
		}
	});

	it.each([
		["SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT"],
		["RSA_2048", "RSAES_OAEP_SHA_1"],
		["RSA_2048", "RSAES_OAEP_SHA_256"],
	] as const)("of spec %s opens with %s what it sealed, and nothing that was changed", (spec, algorithm) => {
		const key = makeAwsKey(spec, "eu-central-1");
		const sealed = encryptWith(key, Buffer.from("data key"), algorithm);
		expect(decryptWith(key, sealed, algorithm)?.toString()).toBe("data key");
		sealed.writeUInt8(sealed.readUInt8(sealed.length - 1) ^ 1, sealed.length - 1);
		expect(decryptWith(key, sealed, algorithm)).toBeUndefined();
	});
});
