import { PackError } from "./pack-error.js";

const BLANK_OR_COMMENT = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;

/** One assignment up to its line's end: name, then a value in one of three quotes or none. */
const ASSIGNMENT =
	/[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|([^\s#"'`][^\n#]*)?)[ \t]*(?:(?<=[ \t])#[^\n]*)?(?:\n|$)/y;

/**
 * Turns a dotenv file into the bytes of a flat JSON payload.
 *
 * Values mean what they mean to Node's own `parseEnv`: quotes may span lines, only `\n` between double quotes
 * is an escape. Where that parser drops or cuts a value in silence (a line without `=`, an unquoted `#`, text
 * after a quote, a repeated name), this one throws `PACK_INPUT_INVALID` with the line's number.
 */
export function secretsFromDotenv(text: string): Uint8Array {
	const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
	const secrets = new Map<string, string>();
	let at = 0;
	while (at < source.length) {
		const blank = matchAt(BLANK_OR_COMMENT, source, at);
		const assignment = blank ?? matchAt(ASSIGNMENT, source, at);
		if (assignment === null) throw unreadable(source, at);
		if (blank === null) add(secrets, assignment);
		at += assignment[0].length;
	}
	if (secrets.size === 0) {
		throw new PackError(
			"PACK_INPUT_INVALID",
			"The dotenv file sets no variable; write one NAME=value per line.",
		);
	}
	return new TextEncoder().encode(JSON.stringify(Object.fromEntries(secrets)));
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(source);
}

function add(
	secrets: Map<string, string>,
	[, name = "", double, single, backtick, bare]: RegExpExecArray,
): void {
	if (secrets.has(name)) {
		throw new PackError("PACK_INPUT_INVALID", `The dotenv file sets ${name} twice; keep one of them.`);
	}
	secrets.set(name, double?.replaceAll("\\n", "\n") ?? single ?? backtick ?? bare?.trimEnd() ?? "");
}

function unreadable(source: string, at: number): PackError {
	const line = source.slice(0, at).split("\n").length;
	return new PackError(
		"PACK_INPUT_INVALID",
		`Line ${line} of the dotenv file is not NAME=value; put a value that holds # or quotes between other quotes.`,
	);
}
