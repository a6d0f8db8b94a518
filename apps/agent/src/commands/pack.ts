import { packArtifact, secretsFromDotenv } from "@clef-sh/pack";
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
	"sign-key": { type: "string" },
	ttl: { type: "string" },
	format: { type: "string" },
	kms: { type: "string" },
	output: { type: "string", short: "o" },
} as const;

/** `clef-agent pack`: secrets in, artifact out. */
export async function pack(args: readonly string[], io: CommandIo): Promise<number> {
	const { values, positionals } = parseArguments("pack", args, { options: OPTIONS, maxPositionals: 1 });
	if (values.kms !== undefined) {
		throw new CommandError("COMMAND_NOT_BUILT", "packing for a KMS is not built yet", {
			hint: "give an age recipient with --recipient age1…",
		});
	}
	const [file] = positionals;
	const identity = required("--identity", values.identity);
	const environment = required("--environment", values.environment);
	const ttlSeconds = ttlOf(values.ttl);
	const format = formatOf(values.format);
	const recipients = await recipientsOf(values.recipient ?? [], values["recipients-file"] ?? [], io);
	const signKeyFile = values["sign-key"];
	const signingKey = signKeyFile === undefined ? undefined : await readInput(signKeyFile, io);
	const artifact = await packArtifact({
		secrets: payload(await readInput(file, io), format ?? formatByName(file)),
		identity,
		environment,
		recipients,
		...(signingKey === undefined ? {} : { signingKey: signingKey.toString("utf8") }),
		...(ttlSeconds === undefined ? {} : { ttlSeconds }),
		now: io.now,
	});
	await writeOutput(values.output, artifact, io);
	return 0;
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
	const text = input.toString("utf8");
	const looksLikeJson = text
		.replace(/^\uFEFF/, "")
		.trimStart()
		.startsWith("{");
	return (format ?? (looksLikeJson ? "json" : "dotenv")) === "json" ? input : secretsFromDotenv(text);
}

async function recipientsOf(
	given: readonly string[],
	files: readonly string[],
	io: CommandIo,
): Promise<readonly string[]> {
	const listed = await Promise.all(files.map(async (file) => linesOf(await readInput(file, io))));
	const recipients = [...given.map((text) => text.trim()), ...listed.flat()];
	if (recipients.length === 0)
		throw usageError("pack", "--recipient is missing; without one nobody could open it");
	return recipients;
}

function linesOf(file: Buffer): string[] {
	const lines = file.toString("utf8").split(/\r?\n/);
	return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}
