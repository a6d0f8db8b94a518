import type { Validator } from "./source.js";

/** One content of the file: a commit that has it and, where the server gave one, the content's own ETag. */
export interface FileVersion {
	readonly commit: string;
	readonly etag: string | undefined;
}

/** Whether a text is a complete commit id, SHA-1 or SHA-256. */
export function isCommit(text: unknown): text is string {
	return typeof text === "string" && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Writes a version as a validator: `<commit>:<path>` and the ETag. */
export function toValidator({ commit, etag }: FileVersion, path: string): Validator {
	return { etag: etag === undefined ? `${commit}:${path}` : `${commit}:${path} ${etag}` };
}

/**
 * Reads a validator back; undefined for one that is not ours.
 *
 * One of another path counts for nothing: the same commit holds other files too.
 */
export function fromValidator(validator: Validator | undefined, path: string): FileVersion | undefined {
	const [, commit, file, etag] = /^([0-9a-f]+):(\S+)(?: (.+))?$/s.exec(validator?.etag ?? "") ?? [];
	return isCommit(commit) && file === path ? { commit, etag } : undefined;
}
