import { inspect } from "node:util";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import {
	Encrypter,
	generateHybridIdentity,
	generateX25519Identity,
	identityToRecipient,
	Stanza,
} from "age-encryption";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { AgeKeyring } from "../src/age-keyring.js";
import { encrypt } from "./sealed.js";
import { calm, rejection, verified } from "./verified.js";

let mine: string;
let mineRecipient: string;
let keyring: AgeKeyring;

beforeAll(async () => {
	mine = await generateX25519Identity();
	mineRecipient = await identityToRecipient(mine);
	keyring = new AgeKeyring(mine);
});

async function open(file: Uint8Array, keyFile: string = mine): Promise<string> {
	const plaintext = await new AgeKeyring(keyFile).open(file, calm);
	return Buffer.from(plaintext).toString();
}

describe("a file for us", () => {
	it("opens X25519 and gives back the exact bytes, at every size around a chunk", async () => {
		for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
			const plaintext = Buffer.alloc(size, "clef");
			const opened = await keyring.open(await encrypt(plaintext, mineRecipient), calm);
			expect(Buffer.compare(opened, plaintext)).toBe(0);
		}
	});

	it("A14 opens with a post-quantum key", async () => {
		const hybrid = await generateHybridIdentity();
		const file = await encrypt("quantum", await identityToRecipient(hybrid));
		expect(await open(file, hybrid)).toBe("quantum");
		expect(await open(file, `${mine}\n${hybrid}`)).toBe("quantum");
	});

	it("A14 tries all keys of a file with comments, CRLF and a byte-order mark", async () => {
		const file = await encrypt("found", mineRecipient);
		const others = await Promise.all([generateX25519Identity(), generateHybridIdentity()]);
		expect(await open(file, `\uFEFF# keys\r\n${others.join("\r\n")}\r\n\r\n${mine}\r\n`)).toBe("found");
	});

	it("A14 finds its stanza as the last of 256", async () => {
		const encrypter = new Encrypter();
		const foreign = new Stanza(["example.com/other", "x"], new Uint8Array(32));
		encrypter.addRecipient({ wrapFileKey: () => Array.from({ length: 255 }, () => foreign) });
		encrypter.addRecipient(mineRecipient);
		expect(await open(await encrypter.encrypt("last"))).toBe("last");
	});

	it("opens several at once", async () => {
		const files = await Promise.all(["a", "b", "c"].map((text) => encrypt(text, mineRecipient)));
		const opened = await Promise.all(files.map((file) => keyring.open(file, calm)));
		expect(opened.map((bytes) => Buffer.from(bytes).toString())).toEqual(["a", "b", "c"]);
	});
});

describe("a file not for us", () => {
	it("says that the one identity does not open it", async () => {
		const file = await encrypt("x", await identityToRecipient(await generateX25519Identity()));
		expect(await rejection(open(file))).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			message: expect.stringMatching(/^The age identity does not open this artifact; /),
			retryable: false,
		});
	});

	it("says how many identities were tried", async () => {
		const file = await encrypt("x", await identityToRecipient(await generateHybridIdentity()));
		const hybrid = await generateHybridIdentity();
		expect(await rejection(open(file, `${mine}\n${hybrid}`))).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			message: expect.stringMatching(/^None of the 2 age identities opens /),
		});
	});
});

describe("a damaged file", () => {
	it("refuses the vector with a flipped bit and a fitting hash", async () => {
		const { ciphertext } = verified(vector("tampered-rehashed"));
		expect(await rejection(new AgeKeyring(vectorKeys.ageSecretKey).open(ciphertext, calm))).toMatchObject({
			name: "DecryptError",
			code: "DECRYPT_AUTHENTICATION_FAILED",
			message: "The ciphertext is damaged, cut short or forged; pack it again.",
			cause: expect.any(Error),
		});
	});

	it("A14 refuses a last chunk that is cut short or gone", async () => {
		const file = await encrypt(Buffer.alloc(150_000, "x"), mineRecipient);
		const lastChunk = (150_000 % 65_536) + 16;
		for (const missing of [1, 16, 17, lastChunk - 1, lastChunk, lastChunk + 1]) {
			const error = await rejection(open(file.subarray(0, file.length - missing)));
			expect(error).toMatchObject({ code: "DECRYPT_AUTHENTICATION_FAILED" });
		}
	});

	it("A14 refuses a file that ends inside or right after its header", async () => {
		const file = await encrypt("x", mineRecipient);
		const payload = 16 + 1 + 16;
		for (const left of [0, 1, 15, 16, 17]) {
			const error = await rejection(open(file.subarray(0, file.length - payload + left)));
			expect(error).toMatchObject({ code: "DECRYPT_AUTHENTICATION_FAILED" });
		}
	});

	it("refuses a stanza that is ours but malformed", async () => {
		const text = Buffer.from(await encrypt("x", mineRecipient)).toString("latin1");
		const spoiled = Buffer.from(text.replace("-> X25519 ", "-> X25519 extra "), "latin1");
		expect(await rejection(open(spoiled))).toMatchObject({ code: "DECRYPT_AUTHENTICATION_FAILED" });
	});

	it("refuses a stanza added after the header was sealed", async () => {
		const text = Buffer.from(await encrypt("x", mineRecipient)).toString("latin1");
		const spoiled = Buffer.from(text.replace("\n--- ", "\n-> example.com/x y\nAAAA\n--- "), "latin1");
		expect(await rejection(open(spoiled))).toMatchObject({ code: "DECRYPT_AUTHENTICATION_FAILED" });
	});

	it("never opens a file with one bit flipped, wherever it is", { timeout: 60_000 }, async () => {
		const file = await encrypt("the whole truth", mineRecipient);
		await fc.assert(
			fc.asyncProperty(fc.nat(file.length * 8 - 1), async (bit) => {
				const spoiled = Uint8Array.from(file, (byte, index) =>
					index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
				);
				const error = await rejection(keyring.open(spoiled, calm));
				expect(error).toMatchObject({ name: "DecryptError", retryable: false });
			}),
		);
	});
});

describe("the key file", () => {
	it("is refused at construction when its form is wrong", () => {
		expect(() => new AgeKeyring("age1abc")).toThrow(expect.objectContaining({ code: "DECRYPT_NO_IDENTITY" }));
	});

	it("is refused at first use when a checksum is wrong, without showing the key anywhere", async () => {
		const wrong = mine.slice(0, -1) + (mine.endsWith("Q") ? "P" : "Q");
		const file = await encrypt("x", mineRecipient);
		const error = await rejection(open(file, `${mine}\n${wrong}`));
		expect(error).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			message: expect.stringMatching(/^Line 2 of the age key has a wrong checksum/),
		});
		expect(inspect(error, { depth: null, showHidden: true })).not.toContain(wrong.slice(16, 40));
	});

	it("is not shown by printing the keyring", () => {
		const used = new AgeKeyring(mine);
		expect(inspect(used, { depth: null, showHidden: true })).not.toContain(mine.slice(16, 40));
		expect(JSON.stringify(used)).toBe("{}");
	});
});

describe("the signal", () => {
	it("stops a decryption under way, so that no plaintext is handed out", async () => {
		const controller = new AbortController();
		const reason = new RangeError("closing");
		const file = await encrypt(Buffer.alloc(200_000), mineRecipient);
		const pending = keyring.open(file, controller.signal);
		controller.abort(reason);
		expect(await rejection(pending)).toBe(reason);
	});
});
