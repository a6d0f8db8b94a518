import { createPrivateKey, webcrypto } from "node:crypto";
import { inspect } from "node:util";
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import { expect, it, vi } from "vitest";
import { AgeKeyring } from "../src/age-keyring.js";
import { importAgeIdentity } from "../src/import-age-identity.js";
import { encrypt } from "./sealed.js";
import { calm, rejection } from "./verified.js";

it("holds an X25519 identity as the same key, which cannot be exported", async () => {
	const text = await generateX25519Identity();
	const key = await importAgeIdentity({ line: 1, text });
	if (typeof key === "string") throw new TypeError("this runtime has X25519");
	expect(key).toMatchObject({ type: "private", extractable: false, usages: ["deriveBits"] });
	await expect(crypto.subtle.exportKey("pkcs8", key)).rejects.toThrow(/not extractable/);
	await expect(crypto.subtle.exportKey("jwk", key)).rejects.toThrow(/not extractable/);
	expect(await identityToRecipient(key)).toBe(await identityToRecipient(text));
});

it("wipes the bytes it imported", async () => {
	const importKey = vi.spyOn(webcrypto.subtle, "importKey");
	await importAgeIdentity({ line: 1, text: await generateX25519Identity() });
	const [format, pkcs8] = importKey.mock.calls[0] ?? [];
	expect(format).toBe("pkcs8");
	expect(pkcs8).toEqual(Buffer.alloc(48));
});

it("gives X25519 in the form that other parts of the runtime read, too", async () => {
	let copy = Buffer.alloc(0);
	vi.spyOn(webcrypto.subtle, "importKey").mockImplementationOnce((...args: unknown[]) => {
		copy = Buffer.from(args[1] as Uint8Array);
		return Promise.reject(new TypeError("seen"));
	});
	await importAgeIdentity({ line: 1, text: await generateX25519Identity() });
	const key = createPrivateKey({ key: copy, format: "der", type: "pkcs8" });
	expect(key.asymmetricKeyType).toBe("x25519");
});

it("leaves the text where the runtime has no X25519, and opens with it", async () => {
	const text = await generateX25519Identity();
	const file = await encrypt("still", await identityToRecipient(text));
	vi.spyOn(webcrypto.subtle, "importKey").mockRejectedValue(new DOMException("none", "NotSupportedError"));
	expect(await importAgeIdentity({ line: 1, text })).toBe(text);
	expect(Buffer.from(await new AgeKeyring(text).open(file, calm)).toString()).toBe("still");
});

it("leaves the text of a post-quantum identity to the library", async () => {
	const text = await generateHybridIdentity();
	expect(await importAgeIdentity({ line: 1, text })).toBe(text);
});

it.each([
	["classic", generateX25519Identity],
	["post-quantum", generateHybridIdentity],
])("names the line of a %s identity with a wrong checksum and shows nothing of it", async (_, generate) => {
	const text = await generate();
	const wrong = text.slice(0, -1) + (text.endsWith("Q") ? "P" : "Q");
	const error = await rejection(importAgeIdentity({ line: 7, text: wrong }));
	expect(error).toMatchObject({
		code: "DECRYPT_NO_IDENTITY",
		message: expect.stringMatching(/^Line 7 of the age key has a wrong checksum/),
	});
	expect(inspect(error, { depth: null, showHidden: true })).not.toContain(wrong.slice(20, 40));
});
