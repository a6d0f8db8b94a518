import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Clock, networkCode, retryAfterMs } from "@clef-sh/core";
import { type createOtlpNetworkExportDelegate, OTLPExporterError } from "@opentelemetry/otlp-exporter-base";
import { percentDecoded } from "../key-pairs.js";

type Transport = Parameters<typeof createOtlpNetworkExportDelegate>[3];
type Outcome = Awaited<ReturnType<Transport["send"]>>;

/** How requests leave. */
export type Fetch = typeof globalThis.fetch;

/** What an {@link OtlpTransport} is made from. */
export interface TransportOptions {
	/** May hold userinfo, which becomes a header. */
	readonly endpoint: string;
	readonly compression: "gzip" | "none";
	/** Asked for at every attempt, so that a rotated header is used at once; in lower case. */
	readonly headers: () => Readonly<Record<string, string>>;
	/** Asked for until it succeeds once. */
	readonly fetch: () => Promise<Fetch>;
	/** Ends what is under way, and lets nothing begin. */
	readonly cut: AbortSignal;
	readonly clock: Pick<Clock, "now" | "monotonic" | "setTimeout">;
	readonly random: () => number;
}

const MOST_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5000;
/** More than any answer of the protocol; a longer one is not read to its end. */
const LONGEST_ANSWER = 65_536;

/** By the OTLP specification. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const RETRYABLE_CODE =
	/^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|UND_ERR_SOCKET|UND_ERR_CONNECT_TIMEOUT)$/;

const compress = promisify(gzip);

/**
 * One batch as one OTLP/HTTP request over `fetch`, tried again where that may help, all within one deadline.
 *
 * OpenTelemetry's own goes over `node:http`. Its client shares classes and code with the server that answers for
 * secrets, and what the engine learns from the one makes the other slower: by a sixth when a collector is down.
 */
export class OtlpTransport implements Transport {
	readonly #options: TransportOptions;
	#fetch: Fetch | undefined;

	constructor(options: TransportOptions) {
		this.#options = options;
	}

	async send(data: Uint8Array, timeoutMs: number): Promise<Outcome> {
		const { clock, cut } = this.#options;
		const end = new AbortController();
		const abort = (): void => end.abort();
		const cancel = clock.setTimeout(abort, timeoutMs);
		cut.addEventListener("abort", abort);
		if (cut.aborted) abort();
		try {
			return await this.#deliver(data, clock.monotonic() + timeoutMs, end.signal);
		} finally {
			cut.removeEventListener("abort", abort);
			cancel();
		}
	}

	shutdown(): void {
		// Connections that are kept do not keep the process.
	}

	async #deliver(data: Uint8Array, deadlineMs: number, signal: AbortSignal): Promise<Outcome> {
		const { clock, compression } = this.#options;
		const body = compression === "gzip" ? await compress(data) : data;
		for (let attempt = 1; ; attempt += 1) {
			const outcome = await this.#attempt(body, signal);
			if (outcome.status !== "retryable" || attempt === MOST_ATTEMPTS || signal.aborted) return outcome;
			const pauseMs = outcome.retryInMillis ?? this.#pauseMs(attempt);
			if (clock.monotonic() + pauseMs > deadlineMs) return outcome;
			if (pauseMs > 0) await this.#pause(pauseMs, signal);
		}
	}

	async #attempt(body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
		try {
			signal.throwIfAborted();
			const { headers, url } = this.#target();
			this.#fetch ??= await this.#options.fetch();
			// A redirect would take the headers, and what they authorize, elsewhere.
			const response = await this.#fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
			return await this.#outcomeOf(response, signal);
		} catch (error) {
			// What an abort says of itself is no reason that anybody could act on.
			const known = error instanceof Error && !signal.aborted ? error : new OTLPExporterError();
			const isRetryable = RETRYABLE_CODE.test(networkCode(error) ?? "");
			return { status: isRetryable ? "retryable" : "failure", error: known };
		}
	}

	#target(): { readonly url: URL; readonly headers: Record<string, string> } {
		const { compression, endpoint, headers: asked } = this.#options;
		const headers = new Headers(asked());
		if (compression === "gzip") headers.set("content-encoding", "gzip");
		const url = new URL(endpoint);
		const userinfo = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
		if (userinfo !== ":" && !headers.has("authorization"))
			headers.set("authorization", `Basic ${Buffer.from(userinfo).toString("base64")}`);
		url.username = "";
		url.password = "";
		return { url, headers: Object.fromEntries(headers) };
	}

	async #outcomeOf(response: Response, signal: AbortSignal): Promise<Outcome> {
		const { headers, ok, status } = response;
		if (ok) return { status: "success", data: await answerIn(response, signal) };
		await response.body?.cancel();
		const error = new OTLPExporterError("refused", status);
		if (!RETRYABLE_STATUS.has(status)) return { status: "failure", error };
		const askedMs = retryAfterMs(headers, this.#options.clock.now());
		return { status: "retryable", error, ...(askedMs !== undefined && { retryInMillis: askedMs }) };
	}

	#pauseMs(attempt: number): number {
		const pauseMs = Math.min(FIRST_PAUSE_MS * 1.5 ** (attempt - 1), LONGEST_PAUSE_MS);
		return pauseMs * (0.8 + 0.4 * this.#options.random());
	}

	/** Over at once when the signal says so. */
	async #pause(ms: number, signal: AbortSignal): Promise<void> {
		const { promise, resolve } = withResolvers();
		const cancel = this.#options.clock.setTimeout(resolve, ms);
		signal.addEventListener("abort", resolve, { once: true });
		await promise;
		signal.removeEventListener("abort", resolve);
		cancel();
	}
}

/** What a collector that took a batch says of it; empty when that is too long or breaks off. */
async function answerIn({ body }: Response, signal: AbortSignal): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	try {
		for await (const chunk of body ?? []) {
			length += chunk.length;
			if (length > LONGEST_ANSWER) return new Uint8Array();
			chunks.push(chunk);
		}
	} catch {
		// One that never comes to an end may as well never have begun.
		signal.throwIfAborted();
		return new Uint8Array();
	}
	return Buffer.concat(chunks);
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
	let resolve: () => void = () => undefined;
	const promise = new Promise<void>((done) => {
		resolve = done;
	});
	return { promise, resolve };
}
