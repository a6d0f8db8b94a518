import {
	type BoundedResponse,
	DEFAULT_HTTP_TIMEOUTS,
	type HttpTimeouts,
	type ResponseHead,
} from "./bounded-fetch.js";
import { conditionalHeaders } from "./conditional.js";
import { readWithin } from "./deadlines.js";
import { explainAbsence } from "./github-absence.js";
import { GithubApi } from "./github-api.js";
import type { GithubAppOptions } from "./github-app.js";
import { type GithubCredential, githubCredential } from "./github-credential.js";
import { type GithubPlace, githubPlace } from "./github-place.js";
import { githubStatusError, isExplained } from "./github-status.js";
import type { RepositoryOptions } from "./repository.js";
import type { Source, SourceEnvironment, SourceResult, Validator } from "./source.js";
import { SourceError } from "./source-error.js";

/** An artifact in a repository at GitHub or GitHub Enterprise; `repo` is `owner/repository`. */
export interface GithubSourceOptions extends RepositoryOptions {
	readonly kind: "github";

	/** In place of a token. */
	readonly app?: GithubAppOptions;
}

/** The file's own bytes instead of JSON with base64 in it, which ends at 1 MB; this way ends at 100 MB. */
const RAW = "application/vnd.github.raw+json";

/** Reads an artifact through GitHub's contents API, conditionally: an unchanged file costs neither body nor quota. */
export class GithubSource implements Source {
	readonly type = "github";
	readonly description: string;
	readonly #place: GithubPlace;
	readonly #credential: GithubCredential;
	readonly #api: GithubApi;
	readonly #maxBytes: number;
	readonly #timeouts: HttpTimeouts;
	readonly #environment: SourceEnvironment;

	/** Throws `SourceError` for a place or a credential that cannot be meant. */
	constructor(options: GithubSourceOptions & { readonly maxBytes: number }, environment: SourceEnvironment) {
		this.#place = githubPlace(options);
		this.description = this.#place.description;
		this.#credential = githubCredential(options, this.#place);
		this.#maxBytes = options.maxBytes;
		this.#timeouts = { ...DEFAULT_HTTP_TIMEOUTS, ...options.timeouts };
		this.#environment = environment;
		this.#api = new GithubApi(this.#place.apiUrl, this.#timeouts, environment);
	}

	read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		const { totalMs } = this.#timeouts;
		const { timers } = this.#environment;
		return readWithin({ description: this.description, totalMs, timers }, signal, (within) =>
			this.#read(validator, within),
		);
	}

	async #read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		const credential = await this.#credential.headers(this.#api, signal);
		// Not the date: a branch that was set back has an older one, which would pass for unchanged.
		const condition = conditionalHeaders(validator?.etag ? { etag: validator.etag } : undefined);
		const response = await this.#get({ ...credential, ...condition }, signal);
		const { status, bytes, headers } = response;
		if (status === 304 && "if-none-match" in condition) return { kind: "unmodified" };
		if (status === 404) throw await explainAbsence(this.#api, this.#place, credential, signal);
		if (status !== 200) throw this.#refusal(response);
		const etag = headers.get("etag");
		return { kind: "modified", bytes, ...(etag && { validator: { etag } }) };
	}

	#get(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<BoundedResponse> {
		const { owner, repo, path, ref, description } = this.#place;
		return this.#api.send(
			(rest, common) =>
				rest.repos.getContent({ ...common, owner, repo, path, ...(ref !== undefined && { ref }) }),
			{
				description,
				headers: { accept: RAW, ...headers },
				maxBytes: this.#maxBytes,
				wantsBody: (head) => (head.status === 200 ? assertRaw(head, description) : isExplained(head)),
			},
			signal,
		);
	}

	#refusal(response: BoundedResponse): SourceError {
		if (response.status === 401) this.#credential.refused();
		const { description } = this;
		const { kind } = this.#credential;
		return githubStatusError(response, { description, credential: kind, now: this.#environment.now() });
	}
}

/** Directories and submodules have no raw form: GitHub describes them in JSON. */
function assertRaw({ headers }: ResponseHead, description: string): true {
	const type = headers.get("content-type") ?? "";
	if (/^\s*application\/json\b/i.test(type)) {
		const hint = "check CLEF_AGENT_VCS_IDENTITY and CLEF_AGENT_VCS_ENVIRONMENT";
		const message = `${description} is not a file but a directory, a submodule or a link to no file; ${hint}.`;
		throw new SourceError("SOURCE_BAD_RESPONSE", message);
	}
	if (/^\s*(text\/html|application\/xhtml)/i.test(type)) {
		const hint = "check CLEF_AGENT_VCS_API_URL, which at GitHub Enterprise ends with /api/v3";
		throw new SourceError("SOURCE_BAD_RESPONSE", `${description} answered with an HTML page; ${hint}.`);
	}
	return true;
}
