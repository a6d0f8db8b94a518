import { createHash } from "node:crypto";

/** A file as a commit holds it. */
export interface BitbucketFile {
	readonly bytes: Uint8Array;

	/** `lfs`, `link`, `executable`, `subrepository`, `binary`; none for a plain file. */
	readonly attributes: readonly string[];
}

interface Commit {
	readonly id: string;
	readonly parent: string | undefined;
	readonly files: ReadonlyMap<string, BitbucketFile>;
}

/** A Git repository with a straight history, as far as a host's read API shows it. */
export class BitbucketRepository {
	readonly branches: Map<string, string> = new Map();
	readonly tags: Map<string, string> = new Map();
	defaultBranch: string | undefined = "main";
	readonly #commits = new Map<string, Commit>();

	/** Commits files on a branch, which it makes where there is none; `null` deletes. Returns the commit's id. */
	commit(
		changes: Readonly<Record<string, Uint8Array | BitbucketFile | null>>,
		branch: string = this.defaultBranch ?? "main",
	): string {
		const parent = this.branches.get(branch) ?? this.branches.get(this.defaultBranch ?? "main");
		const files = new Map(parent === undefined ? [] : this.#commits.get(parent)?.files);
		for (const [path, file] of Object.entries(changes)) {
			if (file === null) files.delete(path);
			else files.set(path, file instanceof Uint8Array ? { bytes: file, attributes: [] } : file);
		}
		const id = createHash("sha1").update(`${parent}/${this.#commits.size}`).digest("hex");
		this.#commits.set(id, { id, parent, files });
		this.branches.set(branch, id);
		return id;
	}

	/** The commit of a branch, tag or commit id, with or without `refs/…/` before it. */
	resolve(name: string): string | undefined {
		const [, kind, short = name] = /^refs\/(heads|tags)\/(.+)$/.exec(name) ?? [];
		const branch = kind === "tags" ? undefined : this.branches.get(short);
		const tag = kind === "heads" ? undefined : this.tags.get(short);
		return branch ?? tag ?? (this.#commits.has(name) ? name : undefined);
	}

	/** What a commit has at a path. */
	entry(commit: string, path: string): BitbucketFile | "directory" | undefined {
		const files = this.#commits.get(commit)?.files;
		const isBelow = (file: string): boolean => file.startsWith(`${path}/`);
		return files?.get(path) ?? ([...(files?.keys() ?? [])].some(isBelow) ? "directory" : undefined);
	}

	/** The last commit up to this one that changed what lies at or below a path. */
	lastChange(commit: string, path: string): string | undefined {
		for (let at = this.#commits.get(commit); at !== undefined; ) {
			const before = at.parent === undefined ? undefined : this.#commits.get(at.parent);
			if (digest(at, path) !== digest(before, path)) return at.id;
			at = before;
		}
		return undefined;
	}
}

function digest(commit: Commit | undefined, path: string): string {
	const hash = createHash("sha1");
	for (const [name, { bytes }] of commit?.files ?? []) {
		if (name === path || name.startsWith(`${path}/`)) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
	}
	return hash.digest("hex");
}
