import { linkSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CommandError } from "./command-error.js";

/** The bearer token clients must present, and how they come to know it. */
export interface AgentToken {
	readonly token: string;
	/** `given`: the operator chose it; `file`: generated and written; `generated`: nobody else knows it yet. */
	readonly handover: "given" | "file" | "generated";
}

/** Where the token comes from, by configuration. */
export interface TokenOrigin {
	readonly token?: string;
	/** A file that did not exist when the configuration was read. */
	readonly tokenFile?: string;
	/** Folder that a relative `tokenFile` starts from. */
	readonly cwd: string;
	readonly randomBytes: (size: number) => Buffer;
	/** Gives a file a second name; Node's own by default. */
	readonly link?: (from: string, to: string) => void;
}

const TOKEN_BYTES = 32;
const NAME_BYTES = 8;

/** Takes the configured token or generates one; with a token file, hands it over there, readable by its owner only. */
export function obtainToken({
	token,
	tokenFile,
	cwd,
	randomBytes,
	link = linkSync,
}: TokenOrigin): AgentToken {
	if (token !== undefined) return { token, handover: "given" };
	const generated = randomBytes(TOKEN_BYTES).toString("base64url");
	if (tokenFile === undefined) return { token: generated, handover: "generated" };
	try {
		const name = randomBytes(NAME_BYTES).toString("hex");
		appear(resolve(cwd, tokenFile), generated, { name, link });
	} catch (cause) {
		throw notWritten(tokenFile, cause);
	}
	return { token: generated, handover: "file" };
}

const WITHOUT_LINKS: ReadonlySet<unknown> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * Makes a file that did not exist, at once with all that is in it: an application that waits for it must not read half
 * a token, and an agent that died in between must not find an empty one when it is started again.
 */
function appear(
	path: string,
	content: string,
	{ name, link }: { readonly name: string; readonly link: NonNullable<TokenOrigin["link"]> },
): void {
	const written = join(dirname(path), `.${basename(path)}.${name}`);
	const exclusively = { flag: "wx", mode: 0o600 };
	try {
		writeFileSync(written, content, exclusively);
		link(written, path);
	} catch (error) {
		const code = error instanceof Error && "code" in error ? error.code : undefined;
		if (!WITHOUT_LINKS.has(code)) throw error;
		writeFileSync(path, content, exclusively);
	} finally {
		rmSync(written, { force: true });
	}
}

const HINTS: Readonly<Record<string, string>> = {
	ENOENT: "its folder does not exist; create the folder first",
	EEXIST: "it appeared in the meantime; start again to use what it holds",
	EACCES: "permission denied; let the agent's user write to its folder",
	ENOSPC: "the disk is full; make room, or use another volume",
	EROFS: "the file system is read-only; use a writable volume",
};

function notWritten(file: string, cause: unknown): CommandError {
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
	const message = `cannot write a generated token to CLEF_AGENT_TOKEN_FILE ${file}: ${HINTS[code] ?? code}`;
	return new CommandError("CONFIG_INVALID", message, { cause });
}
