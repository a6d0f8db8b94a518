import type { BitbucketClient } from "./bitbucket-client.js";
import { at } from "./bitbucket-json.js";
import type { BitbucketPlace } from "./bitbucket-place.js";
import { missing, notAnArtifact } from "./bitbucket-problem.js";
import { isCommit } from "./bitbucket-version.js";
import type { SourceError } from "./source-error.js";

/** What a commit has at a path. */
export interface TreeEntry {
	/** `commit_file` for a file, `commit_directory` for a directory. */
	readonly type: unknown;

	/** Such as `lfs`, `link`, `subrepository`; empty for a plain file. */
	readonly attributes: unknown;
}

/** The commit that a branch, tag or commit stands for now, and its entry where the same request told it. */
export interface Tip {
	readonly commit: string;
	readonly entry: TreeEntry | undefined;
}

/** A default branch that was changed while the old one stays is noticed after this time: 1 hour. */
const DEFAULT_BRANCH_MS = 3_600_000;

/** Finds the commit to read at Bitbucket Cloud, with one request where nothing needs to be learned anew. */
export class BitbucketTip {
	readonly #client: BitbucketClient;
	readonly #place: BitbucketPlace;
	readonly #now: () => number;
	#defaultBranch: { readonly name: string; readonly until: number } | undefined;

	/** The kind of ref that answered last, asked first the next time. */
	#kind: "branches" | "tags" = "branches";

	constructor(client: BitbucketClient, place: BitbucketPlace, now: () => number) {
		this.#client = client;
		this.#place = place;
		this.#now = now;
	}

	/** Throws `SOURCE_NOT_FOUND` with a sentence about the part that is missing. */
	async find(signal: AbortSignal): Promise<Tip> {
		const { ref } = this.#place;
		if (ref === undefined) return this.#ofDefaultBranch(signal);
		const tip = await this.#of(ref, signal);
		if (tip !== undefined) return tip;
		await this.#lookUpRepository(signal);
		throw await this.#absence(ref, "ref", signal);
	}

	/** Reads the entry of a commit; throws `SOURCE_NOT_FOUND` where it has none. */
	async entry(commit: string, signal: AbortSignal): Promise<TreeEntry> {
		const tip = await this.#metadata(commit, signal);
		if (tip?.entry === undefined) throw missing("file", this.#place.description);
		return tip.entry;
	}

	async #ofDefaultBranch(signal: AbortSignal): Promise<Tip> {
		const remembered = this.#defaultBranch;
		if (remembered !== undefined && this.#now() < remembered.until) {
			const tip = await this.#of(remembered.name, signal);
			if (tip !== undefined) return tip;
		}
		const name = await this.#lookUpDefaultBranch(signal);
		const tip = await this.#of(name, signal);
		if (tip !== undefined) return tip;
		throw await this.#absence(name, "default branch", signal);
	}

	async #lookUpDefaultBranch(signal: AbortSignal): Promise<string> {
		const name = at(await this.#lookUpRepository(signal), "mainbranch", "name");
		if (typeof name !== "string" || name === "") {
			throw missing("default branch", this.#place.description);
		}
		this.#defaultBranch = { name, until: this.#now() + DEFAULT_BRANCH_MS };
		return name;
	}

	async #lookUpRepository(signal: AbortSignal): Promise<unknown> {
		const repository = await this.#client.json("?fields=mainbranch.name", signal);
		if (repository === undefined) throw missing("repository", this.#place.description);
		return repository;
	}

	/** The address of a file takes the text up to the next slash for the revision, encoded or not. */
	async #of(name: string, signal: AbortSignal): Promise<Tip | undefined> {
		if (!name.includes("/")) return this.#metadata(name, signal);
		const commit = await this.#resolve(name, signal);
		return commit === undefined ? undefined : { commit, entry: undefined };
	}

	async #resolve(name: string, signal: AbortSignal): Promise<string | undefined> {
		const [, prefix, short = name] = /^refs\/(heads|tags)\/(.+)$/.exec(name) ?? [];
		const kinds = { heads: ["branches"], tags: ["tags"] } as const;
		const either = this.#kind === "tags" ? (["tags", "branches"] as const) : (["branches", "tags"] as const);
		for (const kind of prefix === "heads" || prefix === "tags" ? kinds[prefix] : either) {
			const address = `/refs/${kind}/${encodeURIComponent(short)}?fields=target.hash`;
			const found = await this.#client.json(address, signal);
			if (found === undefined) continue;
			this.#kind = kind;
			return this.#commit(at(found, "target", "hash"));
		}
		return undefined;
	}

	async #metadata(revision: string, signal: AbortSignal): Promise<Tip | undefined> {
		const file = `/src/${encodeURIComponent(revision)}/${this.#place.path}`;
		const found = await this.#client.json(`${file}?format=meta&fields=type,attributes,commit.hash`, signal);
		if (found === undefined) return undefined;
		const entry = { type: at(found, "type"), attributes: at(found, "attributes") };
		return { commit: this.#commit(at(found, "commit", "hash")), entry };
	}

	/** The repository is there, but not the file: tells whether the ref is. */
	async #absence(name: string, ref: "ref" | "default branch", signal: AbortSignal): Promise<SourceError> {
		const { description } = this.#place;
		if (name.includes("/")) return missing(ref, description);
		const commit = await this.#client.json(`/commit/${encodeURIComponent(name)}?fields=hash`, signal);
		return missing(commit === undefined ? ref : "file", description);
	}

	#commit(hash: unknown): string {
		if (isCommit(hash)) return hash;
		throw notAnArtifact(
			this.#place.description,
			"answered without a commit id; check CLEF_AGENT_VCS_API_URL",
		);
	}
}
