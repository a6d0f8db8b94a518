import { Decrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { encryptWithAge } from "../src/age-encrypt.js";
import { generateAgeIdentity } from "../src/index.js";
import { refusal } from "./refusal.js";

const classic = await generateAgeIdentity({ postQuantum: false });
const hybrid = await generateAgeIdentity({ postQuantum: true });
const plaintext = Buffer.from("hello");

describe("encryptWithAge", () => {
	it.each([classic, hybrid])("encrypts to a recipient of either kind", async ({ identity, recipient }) => {
		const decrypter = new Decrypter();
		decrypter.addIdentity(identity);
		expect(await decrypter.decrypt(await encryptWithAge(plaintext, [recipient]), "text")).toBe("hello");
	});

	it("encrypts to each of several recipients", async () => {
		const pairs = await Promise.all([1, 2, 3].map(() => generateAgeIdentity({ postQuantum: false })));
		const file = await encryptWithAge(
			plaintext,
			pairs.map(({ recipient }) => recipient),
		);
		for (const { identity } of pairs) {
			const decrypter = new Decrypter();
			decrypter.addIdentity(identity);
			expect(await decrypter.decrypt(file, "text")).toBe("hello");
		}
	});

	it.each([
		["an identity", classic.identity, /is an identity \(a secret key\)/],
		["a post-quantum identity", hybrid.identity.toLowerCase(), /is an identity \(a secret key\)/],
		["an SSH key", "ssh-ed25519 AAAA", /is not an age key/],
		["a PEM key", "-----BEGIN PUBLIC KEY-----", /is not an age key/],
		["a hardware tag", `age1tag1${"q".repeat(60)}`, /hardware key or plugin/],
		["a plugin's recipient", `age1yubikey1${"q".repeat(60)}`, /hardware key or plugin/],
		["a short recipient", classic.recipient.slice(0, -1), /cut short, mistyped or in capitals/],
		["capitals", classic.recipient.toUpperCase(), /cut short, mistyped or in capitals/],
		["a broken post-quantum recipient", "age1pq1!", /cut short, mistyped or in capitals/],
		["something else", "hunter2", /should start with age1/],
		["nothing", "", /should start with age1/],
		["a wrong checksum", `${classic.recipient.slice(0, -4)}qqqq`, /wrong checksum/],
		["a cut post-quantum recipient", hybrid.recipient.slice(0, -9), /wrong checksum/],
	])("refuses %s, naming its position and never the text", async (_, bad, message) => {
		const good = bad.startsWith("age1pq1") ? hybrid.recipient : classic.recipient;
		const error = await refusal(() => encryptWithAge(plaintext, [good, bad]));
		expect(error.code).toBe("PACK_KEY_INVALID");
		expect(error.message).toMatch(/^Recipient 2 /);
		expect(error.message).toMatch(message);
		if (bad.length > 10) expect(error.message).not.toContain(bad.slice(10));
		expect(error.cause).toBeUndefined();
	});

	it("refuses to mix classic and post-quantum recipients", async () => {
		const error = await refusal(() => encryptWithAge(plaintext, [classic.recipient, hybrid.recipient]));
		expect(error).toMatchObject({
			code: "PACK_KEY_INVALID",
			message: expect.stringContaining("cannot share"),
		});
	});

	it("refuses no recipients, and more than an agent opens", async () => {
		expect((await refusal(() => encryptWithAge(plaintext, []))).message).toMatch(/^There is no recipient; /);
		const many = Array.from({ length: 257 }, () => classic.recipient);
		expect((await refusal(() => encryptWithAge(plaintext, many))).message).toMatch(
			/257 recipients .* at most 256/,
		);
		const large = Array.from({ length: 43 }, () => hybrid.recipient);
		expect((await refusal(() => encryptWithAge(plaintext, large))).message).toMatch(
			/at most 65536; pack several/,
		);
	});
});
