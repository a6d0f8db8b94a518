import { Readable } from "node:stream";
import { boundedFetch, type HttpTimeouts, type ResponseHead } from "./bounded-fetch.js";
import { statusError } from "./http-status.js";
import { LONGEST_REMARK_BYTES } from "./short-json.js";
import type { SourceEnvironment } from "./source.js";
import { SourceError } from "./source-error.js";

/** A request as the AWS SDK hands it to its handler: complete and, where it has to be, signed. */
export interface SdkRequest {
	readonly protocol: string;
	readonly hostname: string;
	readonly port?: number | undefined;
	readonly path: string;
	readonly method: string;
	readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: unknown;
}

/** A response as the AWS SDK takes it from its handler. */
export interface SdkResponse {
	readonly response: {
		readonly statusCode: number;
		readonly headers: Record<string, string>;
		readonly body: Readable;
	};
}

/** What bounds each exchange of a source. */
export interface HandlerLimits {
	readonly description: string;
	readonly maxBytes: number;
	readonly timeouts: HttpTimeouts;
}

/** Set by the connection itself, whatever the SDK says. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["host", "content-length", "connection", "expect"]);

/** The AWS SDK's way to the network: the bounded fetch, also for the token services its credentials come from. */
export class S3RequestHandler {
	/** Read by the SDK. */
	readonly metadata: { readonly handlerProtocol: string } = { handlerProtocol: "http/1.1" };
	readonly #limits: HandlerLimits;
	readonly #environment: SourceEnvironment;

	constructor(limits: HandlerLimits, environment: SourceEnvironment) {
		this.#limits = limits;
		this.#environment = environment;
	}

	/** Rejects with `SourceError`, or with the signal's reason. Statuses from 400 on are the SDK's to read. */
	async handle(request: SdkRequest, options: { readonly abortSignal?: unknown } = {}): Promise<SdkResponse> {
		const { abortSignal } = options;
		const signal = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
		const { body: sent } = request;
		const description = this.#describe(request);
		const conditional = "if-none-match" in request.headers;
		const bounded = {
			...this.#limits,
			url: urlOf(request),
			method: request.method,
			...((typeof sent === "string" || sent instanceof Uint8Array) && { body: sent }),
			headers: sentHeaders(request.headers),
			description,
			wantsBody: (head: ResponseHead) =>
				assertUsable(head, conditional, description, this.#environment.now()),
		};
		const fetch = keepingRegion(this.#environment.fetch);
		const { status, headers, bytes } = await boundedFetch(bounded, { ...this.#environment, fetch }, signal);
		const isObject = status === 200 && asksForObject(request);
		const isRead = bytes.length > 0 && (isObject || bytes.length <= LONGEST_REMARK_BYTES);
		const body = Readable.from(isRead ? [bytes] : []);
		return { response: { statusCode: status, headers: receivedHeaders(headers), body } };
	}

	/** Asked for by the SDK's interface; there is nothing to configure. */
	updateHttpClientConfig(): void {
		// Limits are fixed when the source is made.
	}

	/** Asked for by the SDK's interface. */
	httpHandlerConfigs(): Record<string, never> {
		return {};
	}

	/** What is not the read of the object itself is the SDK fetching credentials. */
	#describe(request: SdkRequest): string {
		return asksForObject(request) ? this.#limits.description : request.hostname;
	}
}

function asksForObject({ query }: SdkRequest): boolean {
	return query?.["x-id"] === "GetObject";
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
	const pairs = Object.entries(query).flatMap(([name, value]) =>
		[value].flat().map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(each ?? "")}`),
	);
	const search = pairs.length === 0 ? "" : `?${pairs.join("&")}`;
	return new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search}`);
}

function sentHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase())));
}

/** A checksum of the stored bytes says nothing about what was inflated on the way. */
function receivedHeaders(headers: Headers): Record<string, string> {
	const inflated = /gzip|deflate|br|zstd/i.test(headers.get("content-encoding") ?? "");
	const entries = [...headers].filter(([name]) => !(inflated && name.startsWith("x-amz-checksum-")));
	return Object.fromEntries(entries);
}

/** Says whether a response has a body that is worth reading; throws for one that is neither success nor refusal. */
function assertUsable(head: ResponseHead, conditional: boolean, description: string, nowMs: number): boolean {
	const { status, headers } = head;
	if (status === 304 && conditional) return false;
	if (status >= 400) return true;
	if (status !== 200) throw statusError(head, { description, credential: "the AWS credentials" }, nowMs);
	if (/^\s*(text\/html|application\/xhtml)/i.test(headers.get("content-type") ?? "")) {
		const hint = "this is probably a login or error page: check AWS_ENDPOINT_URL_S3 and proxies on the way";
		throw new SourceError("SOURCE_BAD_RESPONSE", `${description} answered with an HTML page; ${hint}.`);
	}
	return true;
}

/**
 * S3's redirect to another region names the region in a header: the request must be signed anew for it, so there
 * is nothing to follow and it is handed on as the refusal it is.
 */
function keepingRegion(fetch: SourceEnvironment["fetch"]): SourceEnvironment["fetch"] {
	return async (input, init) => {
		const response = await fetch(input, init);
		const region = response.headers.get("x-amz-bucket-region");
		if (region === null || (response.status !== 301 && response.status !== 307)) return response;
		await response.body?.cancel();
		return new Response(null, { status: 400, headers: { "x-amz-bucket-region": region } });
	};
}
