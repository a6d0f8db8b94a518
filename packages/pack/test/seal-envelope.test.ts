import { createDecipheriv } from "node:crypto";
import { expect, it } from "vitest";
import type { KeyWrapper } from "../src/index.js";
import { sealEnvelope } from "../src/seal-envelope.js";

const plaintext = Buffer.from('{"A":"1"}');

/** A KMS that wraps by adding bytes, and remembers what it was given. */
function wrapper() {
	const given: Uint8Array[] = [];
	const copies: Buffer[] = [];
	const kms: KeyWrapper = {
		provider: "gcp",
		wrap: async (dataKey) => {
			given.push(dataKey);
			copies.push(Buffer.from(dataKey));
			return { keyId: "k", wrappedKey: Buffer.concat([Buffer.from("~"), dataKey]), algorithm: "ADD" };
		},
	};
	return { kms, given, copies };
}

it("opens with the data key, the IV and the tag it names, and nothing besides", async () => {
	const { kms } = wrapper();
	const { envelope, ciphertext } = await sealEnvelope(plaintext, kms);
	expect(envelope).toMatchObject({ provider: "gcp", keyId: "k", algorithm: "ADD" });
	const [key, iv, tag] = [envelope.wrappedKey, envelope.iv, envelope.authTag].map((text) =>
		Buffer.from(text, "base64"),
	);
	if (!key || !iv || !tag) throw new TypeError("unreachable");
	expect([key.length - 1, iv.length, tag.length, ciphertext.length]).toEqual([32, 12, 16, plaintext.length]);
	const decipher = createDecipheriv("aes-256-gcm", key.subarray(1), iv).setAuthTag(tag);
	expect(Buffer.concat([decipher.update(ciphertext), decipher.final()])).toEqual(plaintext);
});

it("uses a fresh data key and IV each time", async () => {
	const { kms, copies } = wrapper();
	const [one, other] = [await sealEnvelope(plaintext, kms), await sealEnvelope(plaintext, kms)];
	expect(copies[0]).not.toEqual(copies[1]);
	expect(one.envelope.iv).not.toBe(other.envelope.iv);
	expect(one.ciphertext).not.toEqual(other.ciphertext);
});

it("wipes the data key, also when the KMS refuses", async () => {
	const { kms, given, copies } = wrapper();
	await sealEnvelope(plaintext, kms);
	expect(copies[0]?.some((byte) => byte !== 0)).toBe(true);
	expect(given[0]).toEqual(Buffer.alloc(32));
	const refused = new TypeError("no");
	const refusing: KeyWrapper = {
		...kms,
		wrap: (dataKey) => {
			given.push(dataKey);
			return Promise.reject(refused);
		},
	};
	await expect(sealEnvelope(plaintext, refusing)).rejects.toBe(refused);
	expect(given[1]).toEqual(Buffer.alloc(32));
});
