import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { closeServer, listenOnLoopback } from "./loopback.js";
import { decodeJson, decodeProtobuf, type OtlpMessage, type OtlpSignal } from "./otlp-messages.js";
import {
	logRecordsOf,
	type OtlpLogRecord,
	type OtlpPoint,
	type OtlpSpan,
	pointsOf,
	spansOf,
} from "./otlp-records.js";
import type { Behaviour } from "./servers.js";

export type { OtlpLogRecord, OtlpPoint, OtlpSpan } from "./otlp-records.js";

/** A request as it came in, taken or not. */
export interface OtlpRequest {
	/** With the query. */
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
}

/** An OTLP/HTTP collector on 127.0.0.1. */
export interface OtlpReceiver {
	/** Its origin, without a slash at the end. */
	readonly url: string;

	/** Every request so far, oldest first. */
	readonly requests: readonly OtlpRequest[];

	/** What was taken, oldest first. */
	readonly logs: readonly OtlpLogRecord[];
	readonly points: readonly OtlpPoint[];
	readonly spans: readonly OtlpSpan[];

	/** Why bodies were refused with 400: not as the schema says. */
	readonly violations: readonly string[];

	/** Treats the coming requests so, one each; the last stays. */
	respondWith(...behaviours: readonly [OtlpBehaviour, ...OtlpBehaviour[]]): void;

	/** Resolves when the condition holds, which is looked at after each request has been treated. */
	until(condition: () => boolean): Promise<void>;

	/** Cuts all connections and stops. */
	close(): Promise<void>;
}

/** `accept` takes the body, if it is as the schema says; anything else does not look at it. */
export type OtlpBehaviour = "accept" | Behaviour;

/** What is asked for besides the defaults. */
export interface OtlpReceiverOptions {
	/** PEM; the receiver speaks HTTPS then. */
	readonly tls?: { readonly key: string; readonly cert: string };
}

const SIGNALS: Readonly<Record<string, OtlpSignal>> = {
	"/v1/logs": "logs",
	"/v1/metrics": "metrics",
	"/v1/traces": "traces",
};

/** Starts a collector that takes logs, metrics and traces as protobuf or JSON until it is told otherwise. */
export async function startOtlpReceiver({ tls }: OtlpReceiverOptions = {}): Promise<OtlpReceiver> {
	const store = new OtlpStore();
	const waiting = new Set<() => void>();
	let queue: OtlpBehaviour[] = ["accept"];
	const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		// Taken before the body is read: two requests at once get the behaviours in the order they came.
		const behaviour = (queue.length > 1 ? queue.shift() : queue[0]) ?? "accept";
		store.requests.push({ path: request.url ?? "", headers: request.headers });
		const body = await buffer(request).catch(() => undefined);
		if (body === undefined) return;
		if (behaviour === "accept") accept(store, request, body, response);
		else behaviour(request, response);
		for (const look of waiting) look();
	};
	const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
	const port = await listenOnLoopback(server);
	return {
		url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
		requests: store.requests,
		logs: store.logs,
		points: store.points,
		spans: store.spans,
		violations: store.violations,
		respondWith: (...behaviours) => {
			queue = [...behaviours];
		},
		until: (condition) => untilHolds(condition, waiting),
		close: () => closeServer(server),
	};
}

class OtlpStore {
	readonly requests: OtlpRequest[] = [];
	readonly logs: OtlpLogRecord[] = [];
	readonly points: OtlpPoint[] = [];
	readonly spans: OtlpSpan[] = [];
	readonly violations: string[] = [];

	add(message: OtlpMessage): void {
		this.logs.push(...logRecordsOf(message));
		this.points.push(...pointsOf(message));
		this.spans.push(...spansOf(message));
	}
}

function untilHolds(condition: () => boolean, waiting: Set<() => void>): Promise<void> {
	return new Promise((resolve) => {
		const look = (): void => {
			if (!condition()) return;
			waiting.delete(look);
			resolve();
		};
		waiting.add(look);
		look();
	});
}

function accept(store: OtlpStore, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
	const [path = ""] = (request.url ?? "").split("?", 1);
	const signal = request.method === "POST" ? SIGNALS[path] : undefined;
	if (signal === undefined) {
		response.writeHead(404).end();
		return;
	}
	const type = request.headers["content-type"] ?? "";
	try {
		const bytes = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
		store.add(decode(signal, type, bytes));
		response.writeHead(200, { "content-type": type }).end(type === "application/json" ? "{}" : "");
	} catch (error) {
		store.violations.push(error instanceof Error ? error.message : String(error));
		response.writeHead(400).end();
	}
}

function decode(signal: OtlpSignal, type: string, bytes: Buffer): OtlpMessage {
	if (type === "application/json") return decodeJson(signal, bytes);
	if (type === "application/x-protobuf") return decodeProtobuf(signal, bytes);
	throw new TypeError(`OTLP knows no content type ${type}.`);
}
