import { held } from "@clef-sh/testkit/scripted-source";
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { AgeDecryptor } from "../src/age-decryptor.js";
import { AgeKeyFile } from "../src/age-key-file.js";
import { AgeKeyring } from "../src/age-keyring.js";
import { createDecryptor } from "../src/index.js";
import { encrypt } from "./sealed.js";
import { calm, rejection } from "./verified.js";

interface Pair {
	readonly identity: string;
	/** Encrypted to the identity; holds its name. */
	readonly file: Uint8Array;
}

let first: Pair;
let second: Pair;
let third: Pair;

beforeAll(async () => {
	[first, second, third] = await Promise.all([
		pair("first", await generateX25519Identity()),
		pair("second", await generateX25519Identity()),
		pair("third", await generateHybridIdentity()),
	]);
});

async function pair(name: string, identity: string): Promise<Pair> {
	return { identity, file: await encrypt(name, await identityToRecipient(identity)) };
}

/** A key file whose text a test rewrites; an error in place of the text is thrown. */
function keyFile(text: string | Error, initial?: string) {
	const state = { text, reads: 0 };
	const file = new AgeKeyFile(async () => {
		state.reads += 1;
		if (typeof state.text === "string") return state.text;
		throw state.text;
	}, initial);
	const open = async ({ file: sealed }: Pair) => Buffer.from(await file.open(sealed, calm)).toString();
	return { open, state };
}

const denied = Object.assign(new RangeError("EACCES: /srv/secret-folder/key"), { code: "EACCES" });

describe("D38 rotated in place", () => {
	it("opens with the new identity from the next decryption on", async () => {
		const { open, state } = keyFile(first.identity);
		expect(await open(first)).toBe("first");
		state.text = second.identity;
		expect(await open(second)).toBe("second");
	});

	it("keeps the old one until the new one has opened something, and then no longer", async () => {
		const { open, state } = keyFile(first.identity);
		await open(first);
		state.text = second.identity;
		expect(await open(first)).toBe("first");
		expect(await open(first)).toBe("first");
		expect(await open(second)).toBe("second");
		expect(await rejection(open(first))).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			message: expect.stringMatching(/^The age identity does not open this artifact; /),
		});
	});

	it("keeps the one that works through several rotations that do not", async () => {
		const { open, state } = keyFile(first.identity);
		await open(first);
		for (const { identity } of [second, third]) {
			state.text = identity;
			expect(await open(first)).toBe("first");
		}
		expect(await open(third)).toBe("third");
		expect(await rejection(open(first))).toMatchObject({ code: "DECRYPT_NO_IDENTITY" });
	});

	it("takes an identity that comes back", async () => {
		const { open, state } = keyFile(first.identity);
		for (const now of [first, second, first, second]) {
			state.text = now.identity;
			expect(await open(now)).toMatch(/first|second/);
		}
	});

	it("tries all identities of the new text", async () => {
		const { open, state } = keyFile(first.identity);
		state.text = `# both\r\n${second.identity}\r\n${third.identity}\r\n`;
		expect(await open(third)).toBe("third");
		expect(await open(second)).toBe("second");
	});

	it("does not lose the old one when several decrypt at the moment of rotation", async () => {
		const { open, state } = keyFile(first.identity);
		await open(first);
		state.text = second.identity;
		expect(await Promise.all([open(first), open(first), open(first)])).toEqual(["first", "first", "first"]);
		state.text = third.identity;
		expect(await open(first)).toBe("first");
	});

	it("does not go back to an older text that a slow reading delivers late", async () => {
		const late = held<string>();
		const readings = [late.promise, Promise.resolve(second.identity)];
		const file = new AgeKeyFile(() => readings.shift() ?? Promise.resolve(second.identity));
		const slow = file.open(first.file, calm);
		const quick = file.open(second.file, calm);
		late.settle(first.identity);
		await Promise.all([slow, quick]);
		expect(await rejection(file.open(first.file, calm))).toMatchObject({ code: "DECRYPT_NO_IDENTITY" });
	});

	it("reads the file once for each decryption", async () => {
		const { open, state } = keyFile(first.identity);
		await open(first);
		await open(first);
		expect(state.reads).toBe(2);
	});
});

describe("D38 broken while in use", () => {
	const broken: readonly (readonly [string, () => string | Error, RegExp])[] = [
		["emptied", () => "", /and now the age key is empty; give a line/],
		["left with comments only", () => "# soon\n", /and now the age key is empty; give a line/],
		["unreadable", () => denied, /and now the age key file cannot be read \(EACCES\); check that it exists/],
		[
			"unreadable for an unknown reason",
			() => new RangeError("x"),
			/and now the age key file cannot be read;/,
		],
		["malformed", () => "hunter2-hunter2", /and now line 1 of the age key is not an age identity;/],
		[
			"cut short",
			() => first.identity.slice(0, -9),
			/and now line 1 of the age key looks like an age identity/,
		],
		["mistyped", () => mistyped(second.identity), /and now line 1 of the age key has a wrong checksum/],
	];

	it.each(broken)("goes on with the old identity when the file is %s", async (_, text) => {
		const { open, state } = keyFile(first.identity);
		await open(first);
		state.text = text();
		expect(await open(first)).toBe("first");
		expect(await open(first)).toBe("first");
	});

	it.each(broken)(
		"says precisely what is wrong, once the old identity fails too: %s",
		async (_, text, what) => {
			const { open, state } = keyFile(first.identity);
			await open(first);
			state.text = text();
			const error = await rejection(open(second));
			expect(error).toMatchObject({ code: "DECRYPT_NO_IDENTITY", message: expect.stringMatching(what) });
			expect(error).toMatchObject({
				message: expect.stringMatching(/^No identity read earlier opens this artifact, and now .*\.$/),
			});
			expect(String(error)).not.toMatch(/hunter2|secret-folder/);
			expect(String(error)).not.toContain(second.identity.slice(20, 40));
		},
	);

	it("takes it up again as soon as it is restored, with the same or another identity", async () => {
		const { open, state } = keyFile(first.identity);
		await open(first);
		for (const now of [first, second]) {
			state.text = "";
			await rejection(open(third));
			state.text = now.identity;
			expect(await open(now)).toMatch(/first|second/);
		}
	});
});

describe("D38 broken from the start", () => {
	it("says what is wrong, and works once it is not", async () => {
		const { open, state } = keyFile(denied);
		expect(await rejection(open(first))).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			retryable: true,
			message: expect.stringMatching(/^The age key file cannot be read \(EACCES\); /),
		});
		state.text = mistyped(first.identity);
		expect(await rejection(open(first))).toMatchObject({
			message: expect.stringMatching(/^Line 1 of the age key has a wrong checksum/),
		});
		state.text = first.identity;
		expect(await open(first)).toBe("first");
	});

	it("opens with what the file held before, when it was deleted at once or can be read only once", async () => {
		for (const now of [denied, ""]) {
			const { open } = keyFile(now, first.identity);
			expect(await open(first)).toBe("first");
		}
	});

	it("refuses at once what the file held before, when that is no key", () => {
		expect(() => keyFile("", "age1nonsense")).toThrow(
			expect.objectContaining({ code: "DECRYPT_NO_IDENTITY" }),
		);
	});
});

it("stops after reading the file once it is aborted", async () => {
	const reason = new RangeError("closing");
	const controller = new AbortController();
	const file = new AgeKeyFile(async () => {
		controller.abort(reason);
		return first.identity;
	});
	expect(await rejection(file.open(first.file, controller.signal))).toBe(reason);
});

it("does not try another identity on a file that is damaged", async () => {
	const { open, state } = keyFile(first.identity);
	await open(first);
	state.text = second.identity;
	const damaged = { identity: "", file: second.file.with(-1, (second.file.at(-1) ?? 0) ^ 1) };
	expect(await rejection(open(damaged))).toMatchObject({ code: "DECRYPT_AUTHENTICATION_FAILED" });
});

function mistyped(identity: string): string {
	return identity.slice(0, -1) + (identity.endsWith("Q") ? "P" : "Q");
}

describe("D38 opened while the file is being read", () => {
	afterEach(() => {
		vi.restoreAllMocks();
	});

	/** What keyrings have opened, once they have. */
	function watchKeyrings() {
		const open = vi.spyOn(AgeKeyring.prototype, "open");
		return {
			attempts: open.mock.calls,
			opened: () => Promise.all(open.mock.results.map(({ value }) => value)),
		};
	}

	it("tries the identity that is held without waiting, and once", async () => {
		const { attempts } = watchKeyrings();
		const reading = held<string>();
		const opening = new AgeKeyFile(() => reading.promise, first.identity).open(first.file, calm);
		expect(attempts).toHaveLength(1);
		reading.settle(first.identity);
		await opening;
		expect(attempts).toHaveLength(1);
	});

	it.each(["\n", "\r\n", " \n\n"])("takes the identity that is held for the same before %j", async (end) => {
		const { attempts } = watchKeyrings();
		const file = new AgeKeyFile(async () => `\uFEFF${first.identity}${end}`, first.identity);
		await file.open(first.file, calm);
		expect(attempts).toHaveLength(1);
	});

	it("wipes what it opened when the file holds another identity, and has that one try", async () => {
		const both = await encrypt(
			"both",
			await identityToRecipient(first.identity),
			await identityToRecipient(second.identity),
		);
		const { opened } = watchKeyrings();
		const file = new AgeKeyFile(async () => second.identity, first.identity);
		expect(Buffer.from(await file.open(both, calm)).toString()).toBe("both");
		expect((await opened()).map((bytes) => Buffer.from(bytes).toString())).toEqual(["\0\0\0\0", "both"]);
		expect(await rejection(file.open(first.file, calm))).toMatchObject({ code: "DECRYPT_NO_IDENTITY" });
	});

	it("wipes what it opened when it is aborted meanwhile", async () => {
		const { opened } = watchKeyrings();
		const reading = held<string>();
		const controller = new AbortController();
		const opening = new AgeKeyFile(() => reading.promise, first.identity).open(first.file, controller.signal);
		await opened();
		controller.abort(new RangeError("closing"));
		reading.settle(first.identity);
		expect(await rejection(opening)).toBe(controller.signal.reason);
		expect(await opened()).toEqual([new Uint8Array("first".length)]);
	});

	it("tries none a second time when several open at once", async () => {
		const { open } = keyFile(first.identity);
		await open(first);
		const { attempts } = watchKeyrings();
		await Promise.all([open(first), open(first), open(first)]);
		expect(attempts).toHaveLength(3);
	});
});

describe("D38 said while an older identity still opens", () => {
	it.each<[string, string | Error, RegExp]>([
		["the file cannot be read", denied, /cannot be read \(EACCES\)/],
		["it is emptied", "", /./],
		["the new identity does not open the artifact", "second", /does not open this artifact/],
	])("when %s", async (_, text, problem) => {
		const state: { text: string | Error } = { text: first.identity };
		const file = new AgeKeyFile(async () => {
			if (typeof state.text === "string") return state.text;
			throw state.text;
		});
		const decryptor = new AgeDecryptor(file);
		await file.open(first.file, calm);
		expect(decryptor.credentialProblem).toBeUndefined();
		state.text = text === "second" ? second.identity : text;
		await file.open(first.file, calm);
		expect(decryptor.credentialProblem).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			message: expect.stringMatching(problem),
		});
		state.text = first.identity;
		await file.open(first.file, calm);
		expect(file.problem).toBeUndefined();
	});

	it("is nothing for identities that never change", () => {
		expect(createDecryptor({ ageIdentities: first.identity }).credentialProblem).toBeUndefined();
		expect(createDecryptor({}).credentialProblem).toBeUndefined();
	});
});
