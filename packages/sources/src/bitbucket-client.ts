import { bitbucketStatusError, notAnArtifact } from "./bitbucket-problem.js";
import {
	type BoundedResponse,
	boundedFetch,
	DEFAULT_HTTP_TIMEOUTS,
	type HttpTimeouts,
	type ResponseHead,
} from "./bounded-fetch.js";
import { conditionalHeaders } from "./conditional.js";
import { readWithin } from "./deadlines.js";
import type { SourceEnvironment } from "./source.js";

/** What a client is made from. */
export interface BitbucketClientOptions {
	/** The repository's address, without a slash at the end. */
	readonly repository: string;
	readonly description: string;
	readonly credential: Readonly<Record<string, string>>;

	/** Cap on a file's inflated body. */
	readonly maxBytes: number;
	readonly timeouts: Partial<HttpTimeouts> | undefined;
}

/** Metadata is one small object; a commit's message can make it larger than one thinks. */
const MOST_METADATA_BYTES = 1_048_576;

/** Statuses by which a path is refused that is not there, or is no file. */
const NO_FILE: ReadonlySet<number> = new Set([400, 404, 409]);

/** Requests to one repository of either product: bounded, and with the errors of both. */
export class BitbucketClient {
	readonly #options: BitbucketClientOptions;
	readonly #timeouts: HttpTimeouts;
	readonly #environment: SourceEnvironment;

	constructor(options: BitbucketClientOptions, environment: SourceEnvironment) {
		this.#options = options;
		this.#timeouts = { ...DEFAULT_HTTP_TIMEOUTS, ...options.timeouts };
		this.#environment = environment;
	}

	/** Runs the requests of one read under one total limit; they are given the signal that carries it. */
	read<T>(signal: AbortSignal, requests: (signal: AbortSignal) => Promise<T>): Promise<T> {
		const { description } = this.#options;
		const { totalMs } = this.#timeouts;
		const { timers } = this.#environment;
		return readWithin({ description, totalMs, timers }, signal, requests);
	}

	/** Reads JSON at `address`, relative to the repository; undefined where there is nothing (404). */
	async json(address: string, signal: AbortSignal): Promise<unknown> {
		const wantsBody = (head: ResponseHead): boolean => {
			if (head.status === 404) return false;
			this.#assertOk(head);
			return true;
		};
		const limits = { maxBytes: MOST_METADATA_BYTES, wantsBody };
		const { status, bytes } = await this.#get(address, { accept: "application/json" }, limits, signal);
		return status === 404 ? undefined : this.#parse(bytes);
	}

	/**
	 * Reads a file's exact bytes; undefined where `address` is no file.
	 *
	 * With the ETag of a version, the same version costs no body: the answer is then a 304, or a 200 that repeats
	 * a strong ETag and whose body is left unread. Either way `bytes` is empty and `unmodified` is true.
	 */
	async file(
		address: string,
		etag: string | undefined,
		signal: AbortSignal,
	): Promise<(BoundedResponse & { readonly unmodified: boolean }) | undefined> {
		const condition = conditionalHeaders(etag === undefined ? undefined : { etag });
		const isSame = ({ status, headers }: ResponseHead): boolean =>
			"if-none-match" in condition &&
			(status === 304 || (status === 200 && etag?.startsWith('"') === true && headers.get("etag") === etag));
		const wantsBody = (head: ResponseHead): boolean => {
			if (isSame(head) || NO_FILE.has(head.status)) return false;
			this.#assertOk(head);
			return true;
		};
		const limits = { maxBytes: this.#options.maxBytes, wantsBody };
		const response = await this.#get(address, { accept: "*/*", ...condition }, limits, signal);
		return NO_FILE.has(response.status) ? undefined : { ...response, unmodified: isSame(response) };
	}

	#get(
		address: string,
		headers: Readonly<Record<string, string>>,
		limits: { maxBytes: number; wantsBody: (head: ResponseHead) => boolean },
		signal: AbortSignal,
	): Promise<BoundedResponse> {
		const { repository, description, credential } = this.#options;
		const request = {
			url: new URL(`${repository}${address}`),
			headers: { ...headers, "cache-control": "no-cache", "user-agent": "clef-agent", ...credential },
			description,
			timeouts: this.#timeouts,
			...limits,
		};
		return boundedFetch(request, this.#environment, signal);
	}

	#assertOk(head: ResponseHead): void {
		const { description, credential } = this.#options;
		if (head.status !== 200) {
			const hasToken = "authorization" in credential;
			throw bitbucketStatusError(head, description, hasToken, this.#environment.now());
		}
		if (/^\s*(text\/html|application\/xhtml)/i.test(head.headers.get("content-type") ?? "")) {
			const hint = "this is probably a login page: check CLEF_AGENT_VCS_API_URL and CLEF_AGENT_VCS_TOKEN";
			throw notAnArtifact(description, `answered with an HTML page; ${hint}`);
		}
	}

	#parse(bytes: Uint8Array): unknown {
		try {
			return JSON.parse(new TextDecoder().decode(bytes));
		} catch {
			throw notAnArtifact(
				this.#options.description,
				"answered with something else than JSON; check CLEF_AGENT_VCS_API_URL",
			);
		}
	}
}
