import {
	AwsKmsSigner,
	createKeyWrapper,
	packArtifact,
	type Sealing,
	type Signing,
	secretsFromDotenv,
} from "@clef-sh/pack";
import { parseArguments, usageError } from "../arguments.js";
import { CommandError } from "../command-error.js";
import type { CommandIo } from "../command-io.js";
import { parseDuration } from "../duration.js";
import { readInput } from "../read-input.js";
import { writeOutput } from "../write-output.js";

const OPTIONS = {
	identity: { type: "string" },
	environment: { type: "string" },
	recipient: { type: "string", multiple: true },
	"recipients-file": { type: "string", multiple: true },
	kms: { type: "string" },
	"sign-key": { type: "string" },
	"sign-kms": { type: "string" },
	ttl: { type: "string" },
	format: { type: "string" },
	output: { type: "string", short: "o" },
} as const;

/** `clef-agent pack`: secrets in, artifact out; with `--sign-kms` the key to verify with on standard error. */
export async function pack(args: readonly string[], io: CommandIo): Promise<number> {
	const { values, positionals } = parseArguments("pack", args, { options: OPTIONS, maxPositionals: 1 });
	const [file] = positionals;
	const identity = required("--identity", values.identity);
	const environment = required("--environment", values.environment);
	const ttlSeconds = ttlOf(values.ttl);
	const format = formatOf(values.format);
	const sealing = await sealingOf(values, io);
	const signing = await signingOf(values, io);
	const artifact = await packArtifact({
		secrets: payload(await readInput(file, io), format ?? formatByName(file)),
		identity,
		environment,
		...sealing,
		...signing,
		...(ttlSeconds === undefined ? {} : { ttlSeconds }),
		now: io.now,
	});
	await writeOutput(values.output, artifact, io);
	if (signing.signer) io.stderr.write(`CLEF_AGENT_VERIFY_KEY=${await signing.signer.publicKey()}\n`);
	return 0;
}

interface KeyValues {
	readonly recipient?: readonly string[];
	readonly "recipients-file"?: readonly string[];
	readonly kms?: string;
	readonly "sign-key"?: string;
	readonly "sign-kms"?: string;
}

async function sealingOf(values: KeyValues, io: CommandIo): Promise<Sealing> {
	const { recipient = [], "recipients-file": files = [], kms } = values;
	if (kms === undefined) return { recipients: await recipientsOf(recipient, files, io) };
	if (recipient.length + files.length > 0) {
		throw usageError("pack", "--kms and age recipients exclude each other");
	}
	return { kms: createKeyWrapper(kms) };
}

async function signingOf(values: KeyValues, io: CommandIo): Promise<Signing> {
	const { "sign-key": file, "sign-kms": kms } = values;
	if (file !== undefined && kms !== undefined) {
		throw usageError("pack", "--sign-key and --sign-kms exclude each other");
	}
	if (kms !== undefined) return { signer: new AwsKmsSigner(kms.replace(/^aws:/, "")) };
	return file === undefined ? {} : { signingKey: (await readInput(file, io)).toString("utf8") };
}

function required(option: string, value: string | undefined): string {
	if (value === undefined || value === "") throw usageError("pack", `${option} is missing`);
	return value;
}

function ttlOf(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const seconds = parseDuration(text);
	if (seconds === undefined) {
		throw usageError("pack", `--ttl ${JSON.stringify(text)} is not a duration like 3600, 90m, 12h or 30d`);
	}
	return seconds;
}

type Format = "json" | "dotenv";

function formatOf(text: string | undefined): Format | undefined {
	if (text === undefined || text === "json" || text === "dotenv") return text;
	throw usageError("pack", `--format ${JSON.stringify(text)} is neither json nor dotenv`);
}

function formatByName(file: string | undefined): Format | undefined {
	if (file === undefined) return undefined;
	if (/\.json$/i.test(file)) return "json";
	return /(?:^|[./])env(?:\.[^/]*)?$/i.test(file) ? "dotenv" : undefined;
}

function payload(input: Buffer, format: Format | undefined): Uint8Array {
	const looksLikeJson = input
		.toString("utf8")
		.replace(/^\uFEFF/, "")
		.trimStart()
		.startsWith("{");
	return (format ?? (looksLikeJson ? "json" : "dotenv")) === "json" ? input : secretsFromDotenv(exact(input));
}

/** What is no UTF-8 would become other secrets than were meant. */
function exact(input: Buffer): string {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
	} catch (cause) {
		const message = "the secrets are not UTF-8, so their values could not be packed as they are";
		throw new CommandError("COMMAND_INPUT", message, { hint: "convert the file to UTF-8 first", cause });
	}
}

async function recipientsOf(
	given: readonly string[],
	files: readonly string[],
	io: CommandIo,
): Promise<readonly string[]> {
	const listed = await Promise.all(files.map(async (file) => linesOf(await readInput(file, io))));
	const recipients = [...given.map((text) => text.trim()), ...listed.flat()];
	if (recipients.length === 0)
		throw usageError("pack", "--recipient or --kms is missing; without one nobody could open it");
	return recipients;
}

function linesOf(file: Buffer): string[] {
	const lines = file.toString("utf8").split(/\r?\n/);
	return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}
