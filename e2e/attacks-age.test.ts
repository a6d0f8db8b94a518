import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SealedFields, sealFields } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AttackStage, MODES, recipher, refusesToStart } from "./attack-stage.js";
import { clefAgent } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

const UNREADABLE = { code: "DECRYPT_AUTHENTICATION_FAILED", reason: "decrypt" };
const NO_IDENTITY = { code: "DECRYPT_NO_IDENTITY", reason: "decrypt" };

const MAC = `--- ${"A".repeat(43)}\n`;
const BODY = "x".repeat(64);
/** The size of a chunk of age's payload: 64 KiB and a tag. */
const CHUNK_BYTES = 65_536 + 16;
const NONCE_BYTES = 16;

/** What one bad file may cost: the work behind it would take minutes, years or for ever. */
const BOUND_MS = 5_000;

/** A binary age file that begins with these stanzas, whoever they are for. */
function ageFile(stanzas: string): string {
	return `age-encryption.org/v1\n${stanzas}${MAC}${BODY}`;
}

const x25519 = `-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n`;
const scrypt = (work: string): string => `-> scrypt ${"A".repeat(22)} ${work}\n${"A".repeat(43)}\n`;
const hybrid = `-> mlkem768x25519 ${"A".repeat(1_494)}\n${"A".repeat(43)}\n`;

const HOSTILE: Readonly<Record<string, readonly [file: string, code: typeof UNREADABLE, message: RegExp]>> = {
	"300 stanzas": [ageFile(x25519.repeat(300)), UNREADABLE, /300 recipients, more than the 256 allowed/],
	"500 short stanzas": [ageFile("-> x\n\n".repeat(500)), UNREADABLE, /500 recipients, more than the 256/],
	"2,000 stanzas": [ageFile(x25519.repeat(2_000)), UNREADABLE, /an age header over 65536 bytes/],
	"a stanza of a megabyte": [ageFile(`-> x\n${"A".repeat(1e6)}\n`), UNREADABLE, /header over 65536 bytes/],
	"256 stanzas for others": [ageFile(x25519.repeat(256)), UNREADABLE, /damaged, cut short or forged/],
	"scrypt of 2^63": [ageFile(scrypt("63")), NO_IDENTITY, /a passphrase, which an agent cannot enter/],
	"scrypt of 2^30": [ageFile(scrypt("30")), NO_IDENTITY, /a passphrase/],
	"scrypt of an endless number": [ageFile(scrypt("9".repeat(400))), NO_IDENTITY, /a passphrase/],
	"scrypt behind another": [ageFile(x25519 + scrypt("63")), NO_IDENTITY, /a passphrase/],
	armored: [
		`-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n`,
		UNREADABLE,
		/armored age file; pack it in the binary/,
	],
	"a later version": [
		ageFile(x25519).replace("v1", "v2"),
		UNREADABLE,
		/age version this agent does not know/,
	],
	"no age file": ["PK\u0003\u0004", UNREADABLE, /not an age file/],
	"a header without end": [`age-encryption.org/v1\n${x25519}`, UNREADABLE, /incomplete age header/],
	"the first line alone": ["age-encryption.org/v1\n", UNREADABLE, /incomplete age header/],
};

/** Ways to cut or change a sound age file of two chunks. */
function damaged(file: Buffer): Readonly<Record<string, Buffer>> {
	const payload = file.indexOf("\n", file.indexOf("\n--- ") + 1) + 1;
	const firstChunkEnd = payload + NONCE_BYTES + CHUNK_BYTES;
	const flip = (at: number): Buffer => {
		const copy = Buffer.from(file);
		copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
		return copy;
	};
	return {
		"one byte short": file.subarray(0, -1),
		"the last chunk cut in half": file.subarray(0, firstChunkEnd + 100),
		"the last chunk's tag alone": file.subarray(0, firstChunkEnd + 16),
		"without its last chunk": file.subarray(0, firstChunkEnd),
		"the first chunk cut short": file.subarray(0, firstChunkEnd - 1),
		"no chunk": file.subarray(0, payload + NONCE_BYTES),
		"no payload": file.subarray(0, payload),
		"a byte too many": Buffer.concat([file, Buffer.alloc(1)]),
		"a bit of the last chunk turned": flip(file.length - 20),
		"a bit of the header's MAC turned": flip(payload - 10),
	};
}

/** A key pair as the command itself makes it. */
async function keygen(...options: readonly string[]): Promise<{ identity: string; recipient: string }> {
	const { status, stdout, stderr } = await clefAgent(["keygen", ...options]);
	const identity = /^AGE-SECRET-KEY-\S+$/m.exec(stdout)?.[0] ?? "";
	const recipient = /^# public key: (age1\S+)$/m.exec(stdout)?.[1] ?? "";
	expect({ status, stderr, identity, recipient }).toMatchObject({
		status: 0,
		identity: expect.stringMatching(/./),
		recipient: expect.stringMatching(/./),
	});
	return { identity, recipient };
}

function keyFile(content: string): string {
	const path = join(temporaryFolder(), "key");
	writeFileSync(path, content, { mode: 0o600 });
	return path;
}

/** Delivers an artifact with this file for a ciphertext; it is refused within the bound. */
async function refusesFile(
	stage: AttackStage,
	fields: SealedFields,
	what: string,
	file: Uint8Array,
	refusal: typeof UNREADABLE & { message: RegExp },
): Promise<void> {
	const started = performance.now();
	await stage.refuses(what, recipher(fields, Buffer.from(file).toString("base64")), refusal);
	expect(performance.now() - started, what).toBeLessThan(BOUND_MS);
}

describe.each(MODES)("%s, through the built command", (_, ttl) => {
	it("A14 refuses hostile age files with bounded work", async () => {
		const stage = await AttackStage.ready(ttl);
		const fields = await sealFields(stage.next({ KEY: "unseen" }));
		for (const [what, [file, refusal, message]] of Object.entries(HOSTILE))
			await refusesFile(stage, fields, what, Buffer.from(file), { ...refusal, message });
		await stage.recovers();
	});

	it("A14 refuses an age file that is cut anywhere, also where a chunk ends, or changed", async () => {
		const stage = await AttackStage.ready(ttl);
		const secrets = { KEY: "long ".repeat(20_000) };
		const fields = await sealFields(stage.next(secrets));
		const message = /damaged, cut short or forged/;
		const files = damaged(Buffer.from(String(fields.ciphertext), "base64"));
		for (const [what, file] of Object.entries(files))
			await refusesFile(stage, fields, what, file, { ...UNREADABLE, message });
		await stage.accepts("the whole file", fields, JSON.stringify(secrets));
	});

	it("A14 tries every key of a file with comments, CRLF and a byte-order mark, post-quantum ones too", async () => {
		const [classic, quantum, stranger] = await Promise.all([
			keygen(),
			keygen("--post-quantum"),
			keygen("--post-quantum"),
		]);
		const lines = [
			"# created: 2026-11-25T00:00:00Z",
			classic.identity,
			"",
			`  ${quantum.identity}  `,
			"# the golden vectors' key is last",
			vectorKeys.ageSecretKey,
		];
		const path = keyFile(`\ufeff${lines.join("\r\n")}\r\n`);
		const stage = await AttackStage.ready(ttl, {
			start: { withoutAgeKey: true },
			variables: { CLEF_AGENT_AGE_KEY_FILE: path },
		});
		for (const { recipient } of [quantum, classic, quantum]) {
			const secrets = { KEY: `for ${recipient.slice(0, 12)}` };
			const fields = await sealFields({ ...stage.next(secrets), recipient });
			await stage.accepts(recipient.slice(0, 12), fields, JSON.stringify(secrets));
		}
		const foreign = await sealFields({ ...stage.next({ KEY: "unseen" }), recipient: stranger.recipient });
		const message = /None of the 3 age identities opens this artifact/;
		await stage.refuses("for a stranger", foreign, { ...NO_IDENTITY, message });
		const mangled = await sealFields(stage.next({ KEY: "unseen" }));
		await refusesFile(stage, mangled, "stanzas of both kinds", Buffer.from(ageFile(hybrid + x25519)), {
			...UNREADABLE,
			message: /damaged, cut short or forged/,
		});
		for (const { identity } of [classic, quantum]) expect(stage.agent.stderr).not.toContain(identity);
		await stage.recovers();
	});

	it.each([
		["a BOM before it and no end of line", (key: string) => `\ufeff${key}`],
		["comments around it", (key: string) => `# one\r\n#two\r\r\n${key}\r# AGE-SECRET-KEY-1NOT-A-KEY\n`],
	])("A14 takes a key file with %s", async (_what, write) => {
		const variables = { CLEF_AGENT_AGE_KEY_FILE: keyFile(write(vectorKeys.ageSecretKey)) };
		await AttackStage.ready(ttl, { start: { withoutAgeKey: true }, variables });
	});

	it.each([
		["nothing but comments", "# made today\n\n", /empty/],
		["a recipient", `# made today\r\n${vectorKeys.ageRecipient}\r\n`, /Line 2 .* is a recipient/],
		[
			"a broken second key",
			`${vectorKeys.ageSecretKey}\n${vectorKeys.ageSecretKey.slice(0, -1)}\n`,
			/Line 2 /,
		],
		["keys on one line", `${vectorKeys.ageSecretKey} ${vectorKeys.ageSecretKey}`, /Line 1 /],
		["a plugin's identity", "AGE-PLUGIN-YUBIKEY-1QQQQQQQQ", /Line 1 .* is a plugin identity/],
	])(
		"A14 says what is wrong with a key file that has %s, and not what is in it",
		async (_w, content, says) => {
			const variables = { CLEF_AGENT_CACHE_TTL: ttl, CLEF_AGENT_AGE_KEY_FILE: keyFile(content) };
			const stderr = await refusesToStart(variables, { withoutAgeKey: true });
			expect(stderr).toMatch(says);
			expect(stderr).not.toContain(vectorKeys.ageSecretKey.slice(0, 40));
			expect(stderr).not.toContain(vectorKeys.ageRecipient.slice(4));
		},
	);
});
