import { Encrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { countAgeStanzas } from "../src/age-stanzas.js";
import { generateAgeIdentity } from "../src/index.js";

async function encryptTo(...recipients: string[]): Promise<Uint8Array> {
	const encrypter = new Encrypter();
	for (const recipient of recipients) encrypter.addRecipient(recipient);
	return encrypter.encrypt("x");
}

describe("countAgeStanzas", () => {
	it("counts recipients by type in files of the real library", async () => {
		const classic = await generateAgeIdentity({ postQuantum: false });
		const hybrid = await generateAgeIdentity({ postQuantum: true });
		const file = await encryptTo(classic.recipient, hybrid.recipient, classic.recipient);
		expect(countAgeStanzas(file)).toEqual({
			counts: { X25519: 2, mlkem768x25519: 1 },
			headerBytes: file.length - 16 - 1 - 16,
		});
	});

	it("counts a passphrase without entering it", async () => {
		const encrypter = new Encrypter();
		encrypter.setPassphrase("x");
		encrypter.setScryptWorkFactor(1);
		expect(countAgeStanzas(await encrypter.encrypt("x"))?.counts).toEqual({ scrypt: 1 });
	});

	it("takes any type name for what it is", () => {
		const file = Buffer.from("age-encryption.org/v1\n-> __proto__ x\n\n-> example.com/x\n\n--- AAAA\n");
		expect(Object.entries(countAgeStanzas(file)?.counts ?? {})).toEqual([
			["__proto__", 1],
			["example.com/x", 1],
		]);
	});

	it.each([
		"",
		"age-encryption.org/v1\n",
		"age-encryption.org/v1\n-> X25519 A\n\n--- AAAA",
		"other/v1\n--- A\n",
	])("knows nothing about %j", (text) => {
		expect(countAgeStanzas(Buffer.from(text))).toBeUndefined();
	});
});
