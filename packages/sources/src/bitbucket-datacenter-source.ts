import type { BitbucketAddress } from "./bitbucket-address.js";
import { BitbucketClient } from "./bitbucket-client.js";
import { bitbucketCredential } from "./bitbucket-credential.js";
import { at } from "./bitbucket-json.js";
import { type BitbucketPlace, bitbucketPlace } from "./bitbucket-place.js";
import { missing, notAnArtifact } from "./bitbucket-problem.js";
import type { BitbucketSourceOptions } from "./bitbucket-source.js";
import { fromValidator, isCommit, toValidator } from "./bitbucket-version.js";
import type { Source, SourceEnvironment, SourceResult, Validator } from "./source.js";
import type { SourceError } from "./source-error.js";

/** How the stand-in for a file begins that Git LFS keeps elsewhere. */
const LFS_POINTER = Buffer.from("version https://git-lfs.github.com/spec/v1\n");

/**
 * Reads an artifact from Bitbucket Data Center (REST API `latest`, group Repository).
 *
 * A poll asks for the last commit that changed the file (what `git log -1 <ref> -- <path>` says: the file is the
 * same there as at the ref), which commits to other files leave as it is. The body is then read at exactly that
 * commit, so that it and the validator belong together whatever is pushed meanwhile.
 */
export class BitbucketDataCenterSource implements Source {
	readonly type = "bitbucket";
	readonly description: string;
	readonly #place: BitbucketPlace;
	readonly #client: BitbucketClient;

	/** Throws `SourceError` for names that cannot exist or a token that cannot be sent. */
	constructor(
		options: BitbucketSourceOptions & { readonly maxBytes: number },
		address: BitbucketAddress,
		environment: SourceEnvironment,
	) {
		const { maxBytes, timeouts } = options;
		this.#place = bitbucketPlace(options, address);
		this.description = this.#place.description;
		const repository = `${address.base}/projects/${this.#place.owner}/repos/${this.#place.slug}`;
		const credential = bitbucketCredential(options.token);
		const client = { repository, description: this.description, credential, maxBytes, timeouts };
		this.#client = new BitbucketClient(client, environment);
	}

	read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		return this.#client.read(signal, (bounded) => this.#read(validator, bounded));
	}

	async #read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		const { path } = this.#place;
		const commit = await this.#lastChange(signal);
		if (fromValidator(validator, path)?.commit === commit) return { kind: "unmodified" };
		const response = await this.#client.file(`/raw/${path}?at=${commit}`, undefined, signal);
		if (response === undefined) throw await this.#noFile(commit, signal);
		const { bytes } = response;
		if (LFS_POINTER.equals(bytes.subarray(0, LFS_POINTER.length))) {
			throw notAnArtifact(this.description, "is kept as an LFS file; commit the artifact itself");
		}
		return { kind: "modified", bytes, validator: toValidator({ commit, etag: undefined }, path) };
	}

	/** Asks for the ref as it is each time: without one, the server takes the default branch of the moment. */
	async #lastChange(signal: AbortSignal): Promise<string> {
		const { path, ref } = this.#place;
		const query = new URLSearchParams({ path, ...(ref !== undefined && { until: ref }), limit: "1" });
		const page = await this.#client.json(`/commits?${query}`, signal);
		if (page === undefined) throw await this.#absence(signal);
		const values = at(page, "values");
		if (Array.isArray(values) && values.length === 0) throw missing("file", this.description);
		const commit = at(values, 0, "id");
		if (isCommit(commit)) return commit;
		throw notAnArtifact(this.description, "answered without a commit id; check CLEF_AGENT_VCS_API_URL");
	}

	/** The commits are not found: tells whether it is the repository, the ref or the file that is missing. */
	async #absence(signal: AbortSignal): Promise<SourceError> {
		const { ref } = this.#place;
		if ((await this.#client.json("", signal)) === undefined) return missing("repository", this.description);
		const query = new URLSearchParams({ ...(ref !== undefined && { until: ref }), limit: "1" });
		if ((await this.#client.json(`/commits?${query}`, signal)) !== undefined) {
			return missing("file", this.description);
		}
		return missing(ref === undefined ? "default branch" : "ref", this.description);
	}

	/** The last change was that the file was deleted, or it is a directory. */
	async #noFile(commit: string, signal: AbortSignal): Promise<SourceError> {
		const entry = await this.#client.json(`/browse/${this.#place.path}?at=${commit}&type=true`, signal);
		if (at(entry, "type") !== "DIRECTORY") return missing("file", this.description);
		const hint = "check CLEF_AGENT_VCS_IDENTITY and CLEF_AGENT_VCS_ENVIRONMENT";
		return notAnArtifact(this.description, `is a directory, not a file; ${hint}`);
	}
}
