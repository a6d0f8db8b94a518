import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
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
}

const TOKEN_BYTES = 32;

/** Takes the configured token or generates one; with a token file, hands it over there, readable by its owner only. */
export function obtainToken({ token, tokenFile, cwd, randomBytes }: TokenOrigin): AgentToken {
	if (token !== undefined) return { token, handover: "given" };
	const generated = randomBytes(TOKEN_BYTES).toString("base64url");
	if (tokenFile === undefined) return { token: generated, handover: "generated" };
	try {
		writeFileSync(resolve(cwd, tokenFile), generated, { flag: "wx", mode: 0o600 });
	} catch (cause) {
		throw notWritten(tokenFile, cause);
	}
	return { token: generated, handover: "file" };
}

const HINTS: Readonly<Record<string, string>> = {
	ENOENT: "its folder does not exist; create the folder first",
	EEXIST: "it appeared in the meantime; start again to use what it holds",
	EACCES: "permission denied; let the agent's user write to its folder",
	EROFS: "the file system is read-only; use a writable volume",
};

function notWritten(file: string, cause: unknown): CommandError {
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
	const message = `cannot write a generated token to CLEF_AGENT_TOKEN_FILE ${file}: ${HINTS[code] ?? code}`;
	return new CommandError("CONFIG_INVALID", message, { cause });
}
