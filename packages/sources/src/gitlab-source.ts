import {
	type BoundedResponse,
	boundedFetch,
	DEFAULT_HTTP_TIMEOUTS,
	type HttpTimeouts,
	type ResponseHead,
} from "./bounded-fetch.js";
import { readWithin } from "./deadlines.js";
import { type GitlabPlace, gitlabPlace } from "./gitlab-place.js";
import { requestRawFile } from "./gitlab-raw-file.js";
import { gitlabAbsence, gitlabRefusal } from "./gitlab-refusal.js";
import { type GitlabCredential, gitlabCredential } from "./gitlab-token.js";
import type { RepositoryOptions } from "./repository.js";
import type { Source, SourceEnvironment, SourceResult, Validator } from "./source.js";
import { SourceError } from "./source-error.js";

/** An artifact in a GitLab project and its limits. */
export type GitlabSourceOptions = { readonly kind: "gitlab" } & RepositoryOptions;

/**
 * Reads an artifact from a GitLab project; asks for its blob id first, and for the file only when that has changed.
 *
 * Both requests go to the raw file's address, the only one that job tokens may use.
 */
export class GitlabSource implements Source {
	readonly type = "gitlab";
	readonly description: string;
	readonly #place: GitlabPlace;
	readonly #credential: GitlabCredential;
	readonly #maxBytes: number;
	readonly #timeouts: HttpTimeouts;
	readonly #environment: SourceEnvironment;

	/** Throws `SourceError` when the options name no place, or the token cannot be used. */
	constructor(options: GitlabSourceOptions & { readonly maxBytes: number }, environment: SourceEnvironment) {
		this.#place = gitlabPlace(options);
		this.description = this.#place.description;
		this.#credential = gitlabCredential(options.token);
		this.#maxBytes = options.maxBytes;
		this.#timeouts = { ...DEFAULT_HTTP_TIMEOUTS, ...options.timeouts };
		this.#environment = environment;
	}

	read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		const { totalMs } = this.#timeouts;
		const { timers } = this.#environment;
		return readWithin({ description: this.description, totalMs, timers }, signal, (within) =>
			this.#read(validator, within),
		);
	}

	async #read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		if (validator?.etag && (await this.#currentBlobId(signal)) === validator.etag)
			return { kind: "unmodified" };
		const response = await this.#request("GET", (head) => this.#assertFileOrAbsence(head), signal);
		if (response.status === 404) throw gitlabAbsence(response, this.#place);
		// The id that came with these bytes, not the one asked for before: the file may change in between.
		const etag = blobId(response);
		return { kind: "modified", bytes: response.bytes, ...(etag && { validator: { etag } }) };
	}

	/** Undefined when only a GET can tell: what is missing, or where a project has moved to (GitLab answers 405). */
	async #currentBlobId(signal: AbortSignal): Promise<string | undefined> {
		const response = await this.#request("HEAD", (head) => this.#assertMetadata(head), signal);
		return response.status === 200 ? blobId(response) : undefined;
	}

	async #request(
		method: "HEAD" | "GET",
		wantsBody: (head: ResponseHead) => boolean,
		signal: AbortSignal,
	): Promise<BoundedResponse> {
		const { description } = this;
		const limits = { description, maxBytes: this.#maxBytes, timeouts: this.#timeouts };
		try {
			return await requestRawFile(this.#place, this.#credential, (url, credential) => {
				const headers = { ...credential, "cache-control": "no-cache", "user-agent": "clef-agent" };
				return boundedFetch({ url, method, headers, wantsBody, ...limits }, this.#environment, signal);
			});
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			if (error instanceof SourceError) throw error;
			throw new SourceError(
				"SOURCE_BAD_RESPONSE",
				`${description} could not be asked: GitLab's client failed.`,
			);
		}
	}

	#assertMetadata(head: ResponseHead): boolean {
		if ([200, 404, 405].includes(head.status)) return false;
		throw gitlabRefusal(head, this.#place, this.#environment.now());
	}

	/** The body of a 404 is wanted, too: it says what is missing. */
	#assertFileOrAbsence(head: ResponseHead): boolean {
		if (head.status !== 200 && head.status !== 404) {
			throw gitlabRefusal(head, this.#place, this.#environment.now());
		}
		if (
			head.status === 200 &&
			/^\s*(text\/html|application\/xhtml)/i.test(head.headers.get("content-type") ?? "")
		) {
			const hint =
				"this is probably a login or error page: check CLEF_AGENT_VCS_API_URL and CLEF_AGENT_VCS_TOKEN";
			throw new SourceError(
				"SOURCE_BAD_RESPONSE",
				`${this.description} answered with an HTML page; ${hint}.`,
			);
		}
		return true;
	}
}

function blobId({ headers }: ResponseHead): string | undefined {
	return headers.get("x-gitlab-blob-id") || undefined;
}
