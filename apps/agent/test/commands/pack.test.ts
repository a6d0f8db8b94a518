import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArtifact, type UnverifiedArtifact } from "@clef-sh/artifact";
import { createAgent } from "@clef-sh/core";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { ManualClock } from "@clef-sh/testkit/clock";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished, vi } from "vitest";
import { pack } from "../../src/commands/pack.js";
import { type CapturedIo, capturedIo } from "../captured-io.js";

const SUBJECT = ["--identity", "api", "--environment", "prod"];
const RECIPIENT = ["--recipient", vectorKeys.ageRecipient];
const nowMs = Date.UTC(2027, 0, 1);

/** What an agent with the test key reads from the text. */
async function opened(text: string | Buffer, verifyKeys?: string) {
	const agent = await createAgent({
		source: { kind: "inline", bytes: text },
		decryptor: { ageIdentities: vectorKeys.ageSecretKey },
		...(verifyKeys === undefined ? {} : { verifyKeys }),
		clock: new ManualClock(nowMs),
	});
	onTestFinished(() => agent.close());
	const { header } = parseArtifact(Buffer.from(text)) as UnverifiedArtifact;
	return { header, secrets: JSON.parse(JSON.stringify(agent.secrets().reveal())) };
}

async function packed(args: readonly string[], io: CapturedIo) {
	expect(await pack([...SUBJECT, ...RECIPIENT, ...args], io)).toBe(0);
	return opened(io.out());
}

it("packs JSON from standard input to standard output", async () => {
	const io = capturedIo({ stdin: '{"db":{"PASSWORD":"p✓"}}', nowMs });
	const { header, secrets } = await packed([], io);
	expect(secrets).toEqual({ db: { PASSWORD: "p✓" } });
	expect(header).toMatchObject({ identity: "api", environment: "prod", packedAtMs: nowMs });
	expect(header.expiresAt).toBeUndefined();
	expect(io.err()).toBe("");
});

it("packs dotenv from standard input", async () => {
	const io = capturedIo({ stdin: "# comment\nA=1\nexport B='two words'\n" });
	expect((await packed(["-"], io)).secrets).toEqual({ A: "1", B: "two words" });
});

it.each([
	["Latin-1", Buffer.from("PASSWORD=caf\xe9\n", "latin1")],
	["UTF-16", Buffer.from("\uFEFFPASSWORD=x\n", "utf16le")],
	["half a character", Buffer.from("PASSWORD=\u20ac\n").subarray(0, -2)],
])("A16 refuses dotenv in %s, whose values would come out as others", async (_, bytes) => {
	const io = capturedIo();
	writeFileSync(join(io.cwd, ".env"), bytes);
	await expect(pack([...SUBJECT, ...RECIPIENT, ".env"], io)).rejects.toMatchObject({
		code: "COMMAND_INPUT",
		message: "the secrets are not UTF-8, so their values could not be packed as they are",
	});
	expect(io.out()).toBe("");
});

it("takes dotenv with a byte order mark and characters of every length", async () => {
	const io = capturedIo();
	writeFileSync(join(io.cwd, ".env"), "\uFEFFA=\u00e9\u20ac\u{1f600}\n");
	expect((await packed([".env"], io)).secrets).toEqual({ A: "\u00e9\u20ac\u{1f600}" });
});

it.each([
	["secrets.json", '{"A":"1"}'],
	["SECRETS.JSON", '{"A":"1"}'],
	[".env", "A=1"],
	["prod.env", "A=1"],
	[".env.production", "A=1"],
	["secrets", '  \n{"A":"1"}'],
	["secrets", "A=1"],
])("takes %s for what it is", async (name, content) => {
	const io = capturedIo();
	writeFileSync(join(io.cwd, name), content);
	expect((await packed([name], io)).secrets).toEqual({ A: "1" });
});

it("--format decides against name and content", async () => {
	const io = capturedIo({ stdin: "A=1" });
	await expect(packed(["--format", "json"], io)).rejects.toMatchObject({ code: "PACK_INPUT_INVALID" });
	const other = capturedIo();
	writeFileSync(join(other.cwd, "x.json"), "A=1");
	expect((await packed(["--format", "dotenv", "x.json"], other)).secrets).toEqual({ A: "1" });
});

it.each([
	["3600", nowMs + 3_600_000],
	["12h", nowMs + 43_200_000],
	["30d", nowMs + 2_592_000_000],
])("--ttl %s sets the end", async (ttl, expiresAtMs) => {
	const { header } = await packed(["--ttl", ttl], capturedIo({ stdin: '{"A":"1"}', nowMs }));
	expect(header.expiresAtMs).toBe(expiresAtMs);
});

it("signs with a key from a file", async () => {
	const io = capturedIo({ stdin: '{"A":"1"}', nowMs });
	writeFileSync(join(io.cwd, "sign.key"), `${vectorKeys.ed25519PrivateKey}\n`);
	expect(await pack([...SUBJECT, ...RECIPIENT, "--sign-key", "sign.key"], io)).toBe(0);
	expect((await opened(io.out(), vectorKeys.ed25519PublicKey)).secrets).toEqual({ A: "1" });
	await expect(opened(io.out(), vectorKeys.ecdsaPublicKey)).rejects.toMatchObject({
		code: "ARTIFACT_SIGNATURE_INVALID",
	});
});

it("reads recipients from a file with comments and blank lines", async () => {
	const io = capturedIo({ stdin: '{"A":"1"}' });
	writeFileSync(join(io.cwd, "team"), `# on call\r\n\r\n  ${vectorKeys.ageRecipient}  \r\n`);
	expect(await pack([...SUBJECT, "--recipients-file", "team"], io)).toBe(0);
	expect((await opened(io.out())).secrets).toEqual({ A: "1" });
});

it("replaces the output file in one step and leaves nothing beside it", async () => {
	const io = capturedIo({ stdin: '{"A":"1"}' });
	writeFileSync(join(io.cwd, "a.json"), "before");
	expect(await pack([...SUBJECT, ...RECIPIENT, "-o", "a.json"], io)).toBe(0);
	expect(io.out()).toBe("");
	expect((await opened(readFileSync(join(io.cwd, "a.json")))).secrets).toEqual({ A: "1" });
	expect(readdirSync(io.cwd)).toEqual(["a.json"]);
});

it("leaves the output file alone when the input is refused", async () => {
	const io = capturedIo({ stdin: '{"A":null}' });
	writeFileSync(join(io.cwd, "a.json"), "before");
	await expect(pack([...SUBJECT, ...RECIPIENT, "-o", "a.json"], io)).rejects.toMatchObject({
		code: "PACK_INPUT_INVALID",
		message: expect.stringContaining("A"),
	});
	expect(readFileSync(join(io.cwd, "a.json"), "utf8")).toBe("before");
});

it.each([
	[["--environment", "e", ...RECIPIENT], "COMMAND_USAGE", "--identity is missing"],
	[["--identity", "i", ...RECIPIENT], "COMMAND_USAGE", "--environment is missing"],
	[["--identity=", "--environment", "e", ...RECIPIENT], "COMMAND_USAGE", "--identity is missing"],
	[SUBJECT, "COMMAND_USAGE", "--recipient or --kms is missing; without one nobody could open it"],
	[
		[...SUBJECT, ...RECIPIENT, "--kms", "alias/agents"],
		"COMMAND_USAGE",
		"--kms and age recipients exclude each other",
	],
	[
		[...SUBJECT, "--recipients-file", "team", "--kms", "alias/agents"],
		"COMMAND_USAGE",
		"--kms and age recipients exclude each other",
	],
	[
		[...SUBJECT, ...RECIPIENT, "--sign-key", "k", "--sign-kms", "alias/k"],
		"COMMAND_USAGE",
		"--sign-key and --sign-kms exclude each other",
	],
	[
		[...SUBJECT, ...RECIPIENT, "--ttl", "soon"],
		"COMMAND_USAGE",
		'--ttl "soon" is not a duration like 3600, 90m, 12h or 30d',
	],
	[
		[...SUBJECT, ...RECIPIENT, "--format", "yaml"],
		"COMMAND_USAGE",
		'--format "yaml" is neither json nor dotenv',
	],
	[
		[...SUBJECT, "--kms", "agents"],
		"PACK_KEY_INVALID",
		"The KMS key does not tell its provider; write aws:KEY, gcp:projects/… or azure:https://….",
	],
	[
		[...SUBJECT, ...RECIPIENT, "--sign-kms", "gcp:projects/p"],
		"PACK_KEY_INVALID",
		"The AWS KMS key is not in the form that AWS gives keys; give the ARN of a key or an alias, a key id, or alias/NAME.",
	],
	[
		[...SUBJECT, ...RECIPIENT, "missing.json"],
		"COMMAND_INPUT",
		"cannot read missing.json: there is no such file or folder",
	],
	[[...SUBJECT, ...RECIPIENT, "."], "COMMAND_INPUT", "cannot read .: it is a folder"],
	[
		[...SUBJECT, ...RECIPIENT, "--sign-key", "none"],
		"COMMAND_INPUT",
		"cannot read none: there is no such file or folder",
	],
])("%j: %s %s", async (args, code, message) => {
	await expect(pack(args, capturedIo({ stdin: '{"A":"1"}' }))).rejects.toMatchObject({ code, message });
});

it("refuses what is no recipient", async () => {
	const io = capturedIo({ stdin: '{"A":"1"}' });
	await expect(pack([...SUBJECT, "--recipient", "age1nonsense"], io)).rejects.toMatchObject({
		code: "PACK_KEY_INVALID",
	});
});

/** AWS KMS on loopback, where the SDK finds it, with a key to seal and a key to sign. */
async function awsKms() {
	const kms = await AwsKmsServer.start();
	onTestFinished(() => {
		vi.unstubAllEnvs();
		return kms.close();
	});
	for (const [name, value] of Object.entries(kms.environment())) vi.stubEnv(name, value);
	return {
		kms,
		sealing: kms.key("SYMMETRIC_DEFAULT", "agents"),
		signing: kms.key("ECC_NIST_P256", "signing"),
	};
}

it.each([
	(arn: string) => arn,
	(arn: string) => `aws:${arn}`,
	() => "aws:alias/agents",
	() => "alias/agents",
])("seals with AWS KMS: %s", async (spelled) => {
	const { sealing } = await awsKms();
	const io = capturedIo({ stdin: '{"A":"1"}', nowMs });
	expect(await pack([...SUBJECT, "--kms", spelled(sealing.arn)], io)).toBe(0);
	const { envelope } = JSON.parse(io.out());
	expect(envelope).toMatchObject({ provider: "aws", keyId: sealing.arn });
	expect(io.err()).toBe("");
});

it("signs with AWS KMS and says what to verify with", async () => {
	await awsKms();
	const io = capturedIo({ stdin: '{"A":"1"}', nowMs });
	expect(await pack([...SUBJECT, ...RECIPIENT, "--sign-kms", "aws:alias/signing"], io)).toBe(0);
	const [, verifyKey] = /^CLEF_AGENT_VERIFY_KEY=(\S+)\n$/.exec(io.err()) ?? [];
	expect((await opened(io.out(), verifyKey)).secrets).toEqual({ A: "1" });
	await expect(opened(io.out(), vectorKeys.ecdsaPublicKey)).rejects.toMatchObject({
		code: "ARTIFACT_SIGNATURE_INVALID",
	});
});

it("writes nothing and says no key when KMS refuses", async () => {
	const { sealing, signing } = await awsKms();
	sealing.denied.add("Encrypt");
	const io = capturedIo({ stdin: '{"A":"1"}' });
	const args = [...SUBJECT, "--kms", sealing.arn, "--sign-kms", signing.arn, "-o", "a.json"];
	await expect(pack(args, io)).rejects.toMatchObject({
		code: "PACK_KMS_FAILED",
		message: expect.stringContaining("allow kms:Encrypt"),
	});
	expect(readdirSync(io.cwd)).toEqual([]);
	expect(io.err()).toBe("");
});
