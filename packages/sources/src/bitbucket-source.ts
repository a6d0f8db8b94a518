import type { BitbucketAddress } from "./bitbucket-address.js";
import { BitbucketClient } from "./bitbucket-client.js";
import { bitbucketCredential } from "./bitbucket-credential.js";
import { type BitbucketPlace, bitbucketPlace } from "./bitbucket-place.js";
import { missing, notAnArtifact } from "./bitbucket-problem.js";
import { BitbucketTip, type TreeEntry } from "./bitbucket-tip.js";
import { type FileVersion, fromValidator, toValidator } from "./bitbucket-version.js";
import type { RepositoryOptions } from "./repository.js";
import type { Source, SourceEnvironment, SourceResult, Validator } from "./source.js";

/** An artifact in a repository of Bitbucket Cloud or Bitbucket Data Center; `apiUrl` says which. */
export interface BitbucketSourceOptions extends RepositoryOptions {
	readonly kind: "bitbucket";
}

/**
 * Reads an artifact from Bitbucket Cloud (REST API 2.0, groups Source and Refs).
 *
 * A poll asks for the file's metadata at the branch, which names the branch's commit: the same commit has the
 * same file. Another commit may have it too; then the body is asked for at exactly that commit, with the ETag,
 * which Bitbucket makes from the content alone. What was learned so is remembered, so that the next poll is one
 * request again.
 */
export class BitbucketSource implements Source {
	readonly type = "bitbucket";
	readonly description: string;
	readonly #place: BitbucketPlace;
	readonly #client: BitbucketClient;
	readonly #tip: BitbucketTip;

	/** The content that the commit seen last has. */
	#seen: FileVersion | undefined;

	/** Throws `SourceError` for names that cannot exist or a token that cannot be sent. */
	constructor(
		options: BitbucketSourceOptions & { readonly maxBytes: number },
		address: BitbucketAddress,
		environment: SourceEnvironment,
	) {
		const { maxBytes, timeouts } = options;
		this.#place = bitbucketPlace(options, address);
		this.description = this.#place.description;
		const repository = `${address.base}/repositories/${this.#place.owner}/${this.#place.slug}`;
		const credential = bitbucketCredential(options.token);
		const client = { repository, description: this.description, credential, maxBytes, timeouts };
		this.#client = new BitbucketClient(client, environment);
		this.#tip = new BitbucketTip(this.#client, this.#place, environment.now);
	}

	read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		return this.#client.read(signal, (bounded) => this.#read(validator, bounded));
	}

	async #read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		const known = fromValidator(validator, this.#place.path);
		const { commit, entry } = await this.#tip.find(signal);
		if (known !== undefined && this.#hasSame(commit, known)) return { kind: "unmodified" };
		assertPlainFile(entry ?? (await this.#tip.entry(commit, signal)), this.description);
		return this.#download(commit, known, signal);
	}

	async #download(
		commit: string,
		known: FileVersion | undefined,
		signal: AbortSignal,
	): Promise<SourceResult> {
		const { path } = this.#place;
		const response = await this.#client.file(`/src/${commit}/${path}`, known?.etag, signal);
		if (response === undefined) throw missing("file", this.description);
		if (response.unmodified) {
			this.#seen = { commit, etag: known?.etag };
			return { kind: "unmodified" };
		}
		const version = { commit, etag: response.headers.get("etag") ?? undefined };
		this.#seen = version;
		return { kind: "modified", bytes: response.bytes, validator: toValidator(version, path) };
	}

	#hasSame(commit: string, known: FileVersion): boolean {
		if (commit === known.commit) return true;
		return known.etag !== undefined && this.#seen?.commit === commit && this.#seen.etag === known.etag;
	}
}

/** A directory's address answers too, with a listing; a link, submodule or LFS file with something else. */
function assertPlainFile({ type, attributes }: TreeEntry, description: string): void {
	if (type === "commit_directory") {
		const hint = "check CLEF_AGENT_VCS_IDENTITY and CLEF_AGENT_VCS_ENVIRONMENT";
		throw notAnArtifact(description, `is a directory, not a file; ${hint}`);
	}
	if (type !== "commit_file") {
		throw notAnArtifact(description, "answered without saying what it is; check CLEF_AGENT_VCS_API_URL");
	}
	const special = ["lfs", "link", "subrepository"].find(
		(attribute) => Array.isArray(attributes) && attributes.includes(attribute),
	);
	if (special === undefined) return;
	throw notAnArtifact(
		description,
		`is kept as ${special === "lfs" ? "an LFS file" : `a ${special}`}; commit the artifact itself`,
	);
}
