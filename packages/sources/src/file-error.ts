import { SourceError, type SourceErrorCode } from "./source-error.js";

interface Meaning {
	readonly code: SourceErrorCode;
	readonly sentence: string;
}

const ABSENT: Meaning = { code: "SOURCE_NOT_FOUND", sentence: "does not exist; check the path" };
const DENIED: Meaning = {
	code: "SOURCE_UNAUTHORIZED",
	sentence: "may not be read by this process; check its mode and owner",
};
const STRANGE: Meaning = { code: "SOURCE_BAD_RESPONSE", sentence: "is not a file that can be read" };
const FAILING: Meaning = { code: "SOURCE_UNREACHABLE", sentence: "could not be read" };

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
	["ENOENT", ABSENT],
	["ENOTDIR", ABSENT],
	["ENAMETOOLONG", ABSENT],
	["EACCES", DENIED],
	["EPERM", DENIED],
	["EISDIR", STRANGE],
	["ELOOP", STRANGE],
	["ENXIO", STRANGE],
	["ENODEV", STRANGE],
	["ERR_INVALID_ARG_VALUE", STRANGE],
]);

/** Turns what the file system threw into a `SourceError`; one that already is comes back as it is. */
export function fileError(error: unknown, path: string): SourceError {
	if (error instanceof SourceError) return error;
	const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
	const { code: meaning, sentence } = MEANINGS.get(code) ?? FAILING;
	return new SourceError(meaning, `${path} ${sentence} (${code}).`);
}
