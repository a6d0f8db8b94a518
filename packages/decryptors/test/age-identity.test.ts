import { generateHybridIdentity, generateX25519Identity } from "age-encryption";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { parseAgeIdentities } from "../src/age-identity.js";
import { DecryptError } from "../src/index.js";

let classic: string;
let hybrid: string;

beforeAll(async () => {
	classic = await generateX25519Identity();
	hybrid = await generateHybridIdentity();
});

function refusal(keyFile: string): DecryptError {
	try {
		parseAgeIdentities(keyFile);
	} catch (error) {
		if (error instanceof DecryptError) return error;
		throw error;
	}
	throw new TypeError("the key file was accepted");
}

describe("parseAgeIdentities", () => {
	it("takes a single identity with nothing around it", () => {
		expect(parseAgeIdentities(classic)).toEqual([{ line: 1, text: classic }]);
		expect(parseAgeIdentities(hybrid)).toEqual([{ line: 1, text: hybrid }]);
	});

	it("A14 takes several keys with comments, blank lines, CRLF and a byte-order mark", () => {
		const keyFile = `\uFEFF# created: today\r\n# public key: age1…\r\n\r\n${classic}\r\n  ${hybrid}\t\r\n#end`;
		expect(parseAgeIdentities(keyFile)).toEqual([
			{ line: 4, text: classic },
			{ line: 5, text: hybrid },
		]);
	});

	it("A14 takes a byte-order mark right before the key, and lone carriage returns", () => {
		expect(parseAgeIdentities(`\uFEFF${classic}\r${hybrid}\n`)).toEqual([
			{ line: 1, text: classic },
			{ line: 2, text: hybrid },
		]);
	});

	it.each(["", "\n\n", "# only a comment\r\n", "\uFEFF"])(
		"refuses a file without identities: %j",
		(keyFile) => {
			expect(refusal(keyFile)).toMatchObject({
				code: "DECRYPT_NO_IDENTITY",
				message: expect.stringMatching(/empty; give a line that starts with AGE-SECRET-KEY-/),
			});
		},
	);

	it.each([
		[
			"a recipient",
			"age1tqhwy7yfmh6cyj4k0e93dj4plj0zndxcfmujyq3ph73n0e7xeyzsu8wwhy",
			/recipient \(a public key\)/,
		],
		["an encrypted key file", "age-encryption.org/v1\n-> scrypt abc 18", /encrypted file; decrypt/],
		["an armored key file", "-----BEGIN AGE ENCRYPTED FILE-----", /encrypted file; decrypt/],
		["a plugin identity", "AGE-PLUGIN-YUBIKEY-1QQPQQ", /plugin identity/],
		["an SSH key", "-----BEGIN OPENSSH PRIVATE KEY-----", /not an age key/],
		["an SSH public key", "ssh-ed25519 AAAAC3Nz", /not an age key/],
		["a short identity", "AGE-SECRET-KEY-1QQQQ", /cut short, mistyped or in lower case/],
		["something else", "hunter2-hunter2", /is not an age identity; it should start with/],
	])("names the line of %s, says what it looks like, never shows it", (_, line, hint) => {
		const error = refusal(`# first\n${classic}\n${line}\n`);
		expect(error.code).toBe("DECRYPT_NO_IDENTITY");
		expect(error.message).toMatch(/^Line 3 of the age key /);
		expect(error.message).toMatch(hint);
		expect(error.message).not.toContain(line.split("\n")[0]);
		expect(error.message).not.toContain(classic);
	});

	it.each([
		["lower case", (key: string) => key.toLowerCase()],
		["a character outside bech32", (key: string) => `${key.slice(0, -1)}B`],
		["a character missing", (key: string) => key.slice(0, -1)],
		["a character too many", (key: string) => `${key}Q`],
		["quotes around it", (key: string) => `"${key}"`],
		["two on one line", (key: string) => `${key} ${key}`],
	])("refuses an identity with %s", (_, spoil) => {
		for (const key of [classic, hybrid]) {
			const error = refusal(spoil(key));
			expect(error.message).toMatch(/^Line 1 of the age key /);
			expect(error.message.toUpperCase()).not.toContain(key.slice(20, 40));
		}
	});

	it("never shows any part of a line it refuses", () => {
		fc.assert(
			fc.property(fc.stringMatching(/^[a-z0-9]{24,80}$/), (secret) => {
				expect(refusal(`AGE-SECRET-KEY-${secret}`).message).not.toContain(secret.slice(0, 24));
				expect(refusal(secret).message).not.toContain(secret.slice(0, 24));
			}),
		);
	});
});
