import { createHash } from "node:crypto";
import {
	type BoundedResponse,
	boundedFetch,
	DEFAULT_HTTP_TIMEOUTS,
	type HttpTimeouts,
	type ResponseHead,
} from "./bounded-fetch.js";
import { conditionalHeaders, validatorOf } from "./conditional.js";
import { credentialHeaders } from "./credential.js";
import { type HttpPlace, statusError } from "./http-status.js";
import type { TokenReading } from "./rotating-source.js";
import type { Source, SourceEnvironment, SourceResult, Validator } from "./source.js";
import { SourceError } from "./source-error.js";

/** An http(s) place and its limits. */
export interface HttpSourceOptions {
	readonly kind: "http";

	/** May carry userinfo (sent as Basic) or a signed query (sent as it is). */
	readonly url: string;

	/** Sent as Bearer; not together with userinfo. */
	readonly token?: string;

	/** Where the token may be rotated: gives its present text. Needs a first `token`. */
	readonly rereadToken?: TokenReading;

	/** Cap on the inflated body; 16 MiB when absent. */
	readonly maxBytes?: number;
	readonly timeouts?: Partial<HttpTimeouts>;
}

/** Reads an artifact from an http(s) URL with conditional, bounded requests. */
export class HttpSource implements Source {
	readonly type = "http";
	readonly description: string;
	readonly place: string | undefined;
	readonly #url: URL;
	readonly #headers: Readonly<Record<string, string>>;
	readonly #maxBytes: number;
	readonly #timeouts: HttpTimeouts;
	readonly #environment: SourceEnvironment;

	/** Throws `SourceError` when the URL is none or the credential cannot be sent. */
	constructor(options: HttpSourceOptions & { readonly maxBytes: number }, environment: SourceEnvironment) {
		const url = parseHttpUrl(options.url);
		this.description = `${url.origin}${url.pathname}`;
		this.place = placeInQuery(url);
		this.#headers = {
			accept: "application/json, */*;q=0.1",
			// An answer that something in between has kept says nothing about the place itself.
			"cache-control": "no-cache",
			"user-agent": "clef-agent",
			...credentialHeaders(url, options.token),
		};
		this.#url = withoutUserinfo(url);
		this.#maxBytes = options.maxBytes;
		this.#timeouts = { ...DEFAULT_HTTP_TIMEOUTS, ...options.timeouts };
		this.#environment = environment;
	}

	async read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		const condition = conditionalHeaders(validator);
		const response = await this.#get(condition, signal);
		if (response.status === 304) return { kind: "unmodified" };
		const next = validatorOf(response.headers);
		return { kind: "modified", bytes: response.bytes, ...(next && { validator: next }) };
	}

	#get(condition: Readonly<Record<string, string>>, signal: AbortSignal): Promise<BoundedResponse> {
		const conditional = Object.keys(condition).length > 0;
		const place: HttpPlace = { description: this.description, credential: "CLEF_AGENT_SOURCE_TOKEN" };
		const request = {
			url: this.#url,
			headers: { ...this.#headers, ...condition },
			description: this.description,
			maxBytes: this.#maxBytes,
			timeouts: this.#timeouts,
			wantsBody: (head: ResponseHead) => assertUsable(head, conditional, place, this.#environment.now()),
		};
		return boundedFetch(request, this.#environment, signal);
	}
}

/** What the parameters are called that make a signed address: `X-Amz-Signature` and the like, `Signature`, `sig`. */
const SIGNATURE = /^(?:x-[a-z]+-)?(?:signature|sig)$/i;

/**
 * A digest of the query, which may hold a token. A signed one changes whenever the address is signed anew, and
 * names nothing but what the path names.
 */
function placeInQuery({ search, searchParams }: URL): string | undefined {
	if (search === "" || [...searchParams.keys()].some((name) => SIGNATURE.test(name))) return undefined;
	return createHash("sha256").update(search).digest("hex");
}

/** Says whether a usable response has a body; throws for every other one. */
function assertUsable(head: ResponseHead, conditional: boolean, place: HttpPlace, nowMs: number): boolean {
	if (head.status === 304 && conditional) return false;
	if (head.status !== 200) throw statusError(head, place, nowMs);
	if (/^\s*(text\/html|application\/xhtml)/i.test(head.headers.get("content-type") ?? "")) {
		const hint = `this is probably a login or error page: check the address and ${place.credential}`;
		throw new SourceError("SOURCE_BAD_RESPONSE", `${place.description} answered with an HTML page; ${hint}.`);
	}
	return true;
}

/** The URL's own parse error quotes its input, secrets and all; it stays here. */
function parseHttpUrl(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.protocol === "https:" || url?.protocol === "http:") return url;
	const message = "The source is not a valid http(s) URL; check CLEF_AGENT_SOURCE.";
	throw new SourceError("SOURCE_UNREACHABLE", message, { retryable: false });
}

function withoutUserinfo(url: URL): URL {
	const bare = new URL(url);
	bare.username = "";
	bare.password = "";
	bare.hash = "";
	return bare;
}
