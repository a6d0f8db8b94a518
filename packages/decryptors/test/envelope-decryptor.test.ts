import { randomBytes } from "node:crypto";
import { type EnvelopeOptions, sealEnvelope } from "@clef-sh/testkit/envelopes";
import { vector } from "@clef-sh/testkit/vectors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnvelopeDecryptor, openGcm } from "../src/envelope-decryptor.js";
import type { KeyUnwrapper, WrappedKey } from "../src/key-unwrapper.js";
import { calm, rejection, verified } from "./verified.js";

/** "Wraps" by turning every bit around, and remembers what it handed out. */
class MirrorUnwrapper implements KeyUnwrapper {
	readonly asked: WrappedKey[] = [];
	readonly keys: Uint8Array[] = [];

	async unwrap(key: WrappedKey): Promise<Uint8Array> {
		this.asked.push(key);
		const dataKey = mirror(key.wrappedKey);
		this.keys.push(dataKey);
		return dataKey;
	}
}

function mirror(bytes: Uint8Array): Uint8Array {
	return Uint8Array.from(bytes, (byte) => byte ^ 0xff);
}

function seal(options: Partial<EnvelopeOptions> = {}): Promise<Buffer> {
	return sealEnvelope({ provider: "aws", keyId: "alias/clef", wrap: mirror, ...options });
}

function stage() {
	const unwrapper = new MirrorUnwrapper();
	return { unwrapper, decryptor: new EnvelopeDecryptor(unwrapper) };
}

describe("EnvelopeDecryptor", () => {
	it("opens any payload under the data key that was unwrapped, and wipes that key", async () => {
		await fc.assert(
			fc.asyncProperty(fc.dictionary(fc.string(), fc.string()), async (secrets) => {
				const { unwrapper, decryptor } = stage();
				const plaintext = await decryptor.decrypt(verified(await seal({ secrets })), calm);
				expect(Buffer.from(plaintext).toString()).toBe(JSON.stringify(secrets));
				expect(unwrapper.keys).toEqual([new Uint8Array(32)]);
			}),
			{ numRuns: 30 },
		);
	});

	it("asks with what the envelope says, once for each decryption", async () => {
		const { unwrapper, decryptor } = stage();
		const artifact = verified(await seal({ algorithm: "RSAES_OAEP_SHA_256" }));
		await decryptor.decrypt(artifact, calm);
		await decryptor.decrypt(artifact, calm);
		expect(unwrapper.asked).toHaveLength(2);
		expect(unwrapper.asked[0]).toMatchObject({ keyId: "alias/clef", algorithm: "RSAES_OAEP_SHA_256" });
	});

	it.each([1, 16, 31, 33, 64])(
		"A13 refuses a data key of %i bytes before it is used, and wipes it",
		async (length) => {
			const { unwrapper, decryptor } = stage();
			const artifact = verified(await seal({ wrap: () => new Uint8Array(length).fill(7) }));
			expect(await rejection(decryptor.decrypt(artifact, calm))).toMatchObject({
				code: "DECRYPT_UNWRAP_FAILED",
				message: expect.stringContaining(`${length} bytes instead of 32`),
				retryable: false,
			});
			expect(unwrapper.keys).toEqual([new Uint8Array(length)]);
		},
	);

	it.each(["iv", "authTag"])(
		"A13 refuses an artifact whose %s has a wrong length when it is parsed",
		async (field) => {
			for (const bytes of [0, 4, 11, 13, 15, 17]) {
				const text = Buffer.alloc(bytes).toString("base64");
				const body = await seal({ tamper: { [field]: text } });
				expect(() => verified(body)).toThrow(expect.objectContaining({ code: "ARTIFACT_MALFORMED" }));
			}
		},
	);

	it.each([
		["tag", { authTag: Buffer.alloc(16).toString("base64") }],
		["IV", { iv: Buffer.alloc(12).toString("base64") }],
		["data key", { wrappedKey: Buffer.alloc(32).toString("base64") }],
	])("refuses another %s as forged, and wipes the data key", async (_, tamper) => {
		const { unwrapper, decryptor } = stage();
		const artifact = verified(await seal({ tamper }));
		expect(await rejection(decryptor.decrypt(artifact, calm))).toMatchObject({
			code: "DECRYPT_AUTHENTICATION_FAILED",
			retryable: false,
		});
		expect(unwrapper.keys).toEqual([new Uint8Array(32)]);
	});

	it("refuses an age artifact without asking", async () => {
		const { unwrapper, decryptor } = stage();
		expect(await rejection(decryptor.decrypt(verified(vector("plain")), calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
		});
		expect(unwrapper.asked).toEqual([]);
	});

	it("asks nobody when it was aborted before, and wipes the key when it was aborted meanwhile", async () => {
		const { unwrapper, decryptor } = stage();
		const artifact = verified(await seal());
		expect(await rejection(decryptor.decrypt(artifact, AbortSignal.abort("over")))).toBe("over");
		expect(unwrapper.asked).toEqual([]);
		const controller = new AbortController();
		const decrypting = decryptor.decrypt(artifact, controller.signal);
		controller.abort("over");
		expect(await rejection(decrypting)).toBe("over");
		expect(unwrapper.keys).toEqual([new Uint8Array(32)]);
	});
});

describe("openGcm", () => {
	it.each([
		["a tag of 4 bytes", { authTag: randomBytes(4) }],
		["a tag of 15 bytes", { authTag: randomBytes(15) }],
		["an IV of 16 bytes", { iv: randomBytes(16) }],
		["no IV", { iv: new Uint8Array() }],
	])("A13 refuses %s by itself, too", (_, change) => {
		const sealed = { ciphertext: randomBytes(8), iv: randomBytes(12), authTag: randomBytes(16), ...change };
		expect(() => openGcm(sealed, randomBytes(32))).toThrow(
			expect.objectContaining({ code: "DECRYPT_AUTHENTICATION_FAILED" }),
		);
	});
});
