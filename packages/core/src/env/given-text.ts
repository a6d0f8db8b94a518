import type { VariableDescription } from "./variable.js";

/** Reads a file as text, or throws; errors of `node:fs` keep their `code`. */
export type ReadFile = (path: string) => string;

/** Reads a file as text once more, while the agent runs; rejects when it cannot, and does not wait for a writer. */
export type RereadFile = (path: string) => Promise<string>;

/** Reads this file anew each time it is called; undefined where there is no file. */
export function rereading(
	path: string | undefined,
	rereadFile: RereadFile,
): (() => Promise<string>) | undefined {
	return path === undefined ? undefined : () => rereadFile(path);
}

/** What an environment says about one variable, before it is checked. */
export type GivenText =
	| { readonly kind: "absent" }
	| { readonly kind: "text"; readonly text: string; readonly label: string }
	| { readonly kind: "missing file"; readonly path: string; readonly problem: string }
	| { readonly kind: "wrong"; readonly problem: string };

/**
 * Finds a variable's text in its own name or, where that is allowed, in the file that `<name>_FILE` names.
 * An empty string counts as not given; text that may come from a file is trimmed either way.
 */
export function givenText(
	{ name, fileAllowed }: VariableDescription,
	env: Readonly<Record<string, string | undefined>>,
	readFile: ReadFile,
): GivenText {
	const own = env[name] || undefined;
	const fileName = `${name}_FILE`;
	const path = fileAllowed ? env[fileName] || undefined : undefined;
	if (own !== undefined && path !== undefined) {
		return { kind: "wrong", problem: `${name} and ${fileName} are both set; keep one of them.` };
	}
	if (path !== undefined) return textOfFile(fileName, path, readFile);
	if (own === undefined) return { kind: "absent" };
	if (own.trim() === "")
		return { kind: "wrong", problem: `${name} holds only white space; set or unset it.` };
	return { kind: "text", text: fileAllowed ? own.trim() : own, label: name };
}

function textOfFile(fileName: string, path: string, readFile: ReadFile): GivenText {
	if (looksLikeKey(path)) {
		return {
			kind: "wrong",
			problem: `${fileName} holds a key itself; it must be the path of a file with the key.`,
		};
	}
	try {
		const text = readFile(path)
			.replace(/^\uFEFF/, "")
			.trim();
		if (text !== "") return { kind: "text", text, label: `${fileName} (${path})` };
		return { kind: "wrong", problem: `${fileName} names ${path}, which is empty.` };
	} catch (error) {
		const code = codeOf(error);
		const remedy = REMEDIES[code] === undefined ? "" : `; ${REMEDIES[code]}`;
		const problem = `${fileName} names ${path}, which cannot be read (${code})${remedy}.`;
		return code === "ENOENT" ? { kind: "missing file", path, problem } : { kind: "wrong", problem };
	}
}

const REMEDIES: Readonly<Record<string, string>> = {
	EACCES: "let the agent's user read it, and enter its folders",
	EISDIR: "name a file in this folder",
	ENOENT: "create it, or correct the path",
	ENOTDIR: "correct the path",
};

/** A key pasted where a path belongs must not be printed as a path. */
function looksLikeKey(path: string): boolean {
	return /AGE-SECRET-KEY|-----BEGIN|\p{Cc}/u.test(path);
}

function codeOf(error: unknown): string {
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	return /^E[A-Z0-9]+$/.test(code) ? code : "unknown reason";
}
