import { createPrivateKey, createPublicKey } from "node:crypto";
import { importTrustedKey } from "@clef-sh/artifact";
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { generateAgeIdentity, generateSigningKey } from "../src/index.js";

describe("generateAgeIdentity", () => {
	it.each([
		{
			postQuantum: false,
			identityForm: /^AGE-SECRET-KEY-1[A-Z0-9]{58}$/,
			recipientForm: /^age1[a-z0-9]{58}$/,
		},
		{
			postQuantum: true,
			identityForm: /^AGE-SECRET-KEY-PQ-1[A-Z0-9]{58}$/,
			recipientForm: /^age1pq1[a-z0-9]+$/,
		},
	])(
		"makes a pair that works, post-quantum $postQuantum",
		async ({ postQuantum, identityForm, recipientForm }) => {
			const { identity, recipient } = await generateAgeIdentity({ postQuantum });
			expect(identity).toMatch(identityForm);
			expect(recipient).toMatch(recipientForm);
			expect(await identityToRecipient(identity)).toBe(recipient);
			const encrypter = new Encrypter();
			encrypter.addRecipient(recipient);
			const decrypter = new Decrypter();
			decrypter.addIdentity(identity);
			expect(await decrypter.decrypt(await encrypter.encrypt("hello"), "text")).toBe("hello");
		},
	);

	it("makes another one each time", async () => {
		const [one, two] = await Promise.all([1, 2].map(() => generateAgeIdentity({ postQuantum: false })));
		expect(one?.identity).not.toBe(two?.identity);
	});
});

describe("generateSigningKey", () => {
	it("makes an Ed25519 pair whose public half an agent can trust", () => {
		const { privateKey, publicKey } = generateSigningKey();
		expect(privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
		expect(importTrustedKey(publicKey).algorithm).toBe("Ed25519");
		const derived = createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "der" });
		expect(derived.toString("base64")).toBe(publicKey);
	});
});
