import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createDecryptor, type Decryptor, decryptSecrets } from "../src/index.js";
import { encrypt, sealed } from "./sealed.js";
import { calm, rejection, verified } from "./verified.js";

let recipient: string;
let decryptor: Decryptor;

beforeAll(async () => {
	const identity = await generateX25519Identity();
	recipient = await identityToRecipient(identity);
	decryptor = createDecryptor({ ageIdentities: identity });
});

async function openPayload(payload: string) {
	return decryptSecrets(sealed(await encrypt(payload, recipient)), decryptor, calm);
}

/** Hands out one buffer that the test keeps hold of. */
function handingOut(plaintext: Uint8Array): Decryptor {
	return { decrypt: () => Promise.resolve(plaintext) };
}

describe("decryptSecrets", () => {
	it.each(["plain", "signed", "signed-expires", "signed-ecdsa"] as const)(
		"opens the vector %s to exactly its secrets",
		async (name) => {
			const theirs = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
			const secrets = await decryptSecrets(verified(vector(name)), theirs, calm);
			expect(secrets.shape).toBe("namespaced");
			expect(JSON.parse(JSON.stringify(secrets.reveal()))).toEqual(vectorSecrets);
		},
	);

	it("A16 gives exact values back under any name", { timeout: 60_000 }, async () => {
		const name = fc.oneof(
			fc.constantFrom(
				"__proto__",
				"constructor",
				"toString",
				"success",
				"a/b",
				"50%",
				"a b",
				"a.b",
				"a__b",
				"ü",
			),
			fc.string({ minLength: 1, unit: "grapheme" }),
		);
		await fc.assert(
			fc.asyncProperty(
				fc.uniqueArray(fc.tuple(name, fc.string({ unit: "grapheme" })), {
					selector: ([key]) => key,
					minLength: 1,
				}),
				async (entries) => {
					const secrets = await openPayload(JSON.stringify(Object.fromEntries(entries)));
					for (const [key, value] of entries) {
						expect(secrets.find(key)).toEqual({ status: "found", value });
					}
				},
			),
			{ numRuns: 40 },
		);
	});

	it.each([
		["an array", "[1]"],
		["a string", '"sk_live_hush"'],
		["null", "null"],
		["a null value", '{"KEY":null}'],
		["a deeper object", '{"ns":{"KEY":{"x":"sk_live_hush"}}}'],
		["a name twice", '{"KEY":"sk_live_hush","KEY":"b"}'],
		["no JSON", "sk_live_hush"],
		["nothing", ""],
	])("A16 refuses a payload of %s without showing it", async (_, payload) => {
		const error = await rejection(openPayload(payload));
		expect(error).toMatchObject({
			name: "DecryptError",
			code: "DECRYPT_PAYLOAD_MALFORMED",
			retryable: false,
		});
		expect(String(error)).not.toContain("hush");
	});

	it("wipes the plaintext after reading it", async () => {
		const plaintext = Buffer.from('{"KEY":"value"}');
		const secrets = await decryptSecrets(verified(vector("plain")), handingOut(plaintext), calm);
		expect(secrets.find("KEY")).toEqual({ status: "found", value: "value" });
		expect(plaintext.every((byte) => byte === 0)).toBe(true);
	});

	it("wipes the plaintext when it is refused", async () => {
		const plaintext = Buffer.from('["value"]');
		await rejection(decryptSecrets(verified(vector("plain")), handingOut(plaintext), calm));
		expect(plaintext.every((byte) => byte === 0)).toBe(true);
	});

	it("passes on what the decryptor rejects with", async () => {
		const reason = new RangeError("closing");
		const artifact = sealed(await encrypt("{}", recipient));
		expect(await rejection(decryptSecrets(artifact, decryptor, AbortSignal.abort(reason)))).toBe(reason);
	});
});
