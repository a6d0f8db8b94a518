import { readFile } from "node:fs/promises";
import {
	createOtlpNetworkExportDelegate,
	ExporterMetrics,
	type IOtlpExportDelegate,
} from "@opentelemetry/otlp-exporter-base";
import type { IExporterMetricsHelper, ISerializer } from "@opentelemetry/otlp-transformer";
import { shownEndpoint } from "../endpoint.js";
import type { PipelineOptions } from "../pipeline.js";
import type { Signal, SignalSettings } from "../settings.js";
import { type Fetch, OtlpTransport } from "./otlp-transport.js";
import { WatchedExporter } from "./watched-exporter.js";

/** How the items of a signal become bytes. */
export interface Encoding<Items, Response> {
	readonly protobuf: ISerializer<Items, Response>;
	readonly json: ISerializer<Items, Response>;
	readonly counting: IExporterMetricsHelper<Items>;
}

/** What becomes of a batch; `failed` is for the caller's own count. */
export type Settled<Items> = (items: Items, failed: boolean) => void;

type ConnectionsOptions = Pick<
	PipelineOptions,
	"clock" | "delivery" | "fetch" | "headers" | "random" | "serviceVersion"
>;

/** Makes OpenTelemetry's OTLP/HTTP exporters, and ends what they have under way. */
export class Connections {
	readonly #options: ConnectionsOptions;
	readonly #cut = new AbortController();

	constructor(options: ConnectionsOptions) {
		this.#options = options;
	}

	/** The exporter of a signal, put together from OpenTelemetry's parts and a transport of our own. */
	exporter<Items, Response>(
		signal: Signal,
		to: SignalSettings,
		encoding: Encoding<Items, Response>,
		settled: Settled<Items> = () => undefined,
	): WatchedExporter<Items> {
		const { clock, delivery } = this.#options;
		const endpoint = shownEndpoint(to.endpoint);
		return new WatchedExporter(this.#delegate(to, encoding), {
			clock,
			timeoutMs: to.timeoutMs,
			settled: (items, cause) => {
				if (cause === undefined) delivery.worked(signal, endpoint);
				else if (!this.#cut.signal.aborted) delivery.failed(signal, { endpoint, cause });
				settled(items, cause !== undefined);
			},
		});
	}

	/** Ends every request under way, and any that would be tried again. */
	cut(): void {
		this.#cut.abort();
	}

	#delegate<Items, Response>(
		to: SignalSettings,
		{ protobuf, json, counting }: Encoding<Items, Response>,
	): IOtlpExportDelegate<Items> {
		const { compression, endpoint, protocol, timeoutMs } = to;
		const isJson = protocol === "http/json";
		const transport = this.#transport(to, isJson ? "application/json" : "application/x-protobuf");
		// OpenTelemetry's metrics about its own exporters, which nobody reads.
		const unmeasured = new ExporterMetrics({
			componentType: "",
			metricsHelper: counting,
			url: endpoint,
			meterProvider: undefined,
			responseAttributesFromError: () => ({}),
		});
		const limits = { timeoutMillis: timeoutMs, concurrencyLimit: 30, compression };
		return createOtlpNetworkExportDelegate(limits, isJson ? json : protobuf, unmeasured, transport);
	}

	#transport({ compression, endpoint, headers, tls }: SignalSettings, type: string): OtlpTransport {
		const { clock, fetch, headers: packed, random, serviceVersion } = this.#options;
		const agent = { "user-agent": `clef-agent/${serviceVersion}` };
		return new OtlpTransport({
			endpoint,
			compression,
			headers: () => ({ ...agent, ...lowerCased(headers), ...packed(), "content-type": type }),
			fetch: async () => (Object.keys(tls).length === 0 ? fetch : fetchWith(tls)),
			cut: this.#cut.signal,
			clock,
			random,
		});
	}
}

/** Node's own `fetch` takes no certificates; undici, which it is made from, does. */
async function fetchWith(paths: SignalSettings["tls"]): Promise<Fetch> {
	const files = Object.entries(paths).map(async ([name, path]) => [name, await readFile(path)] as const);
	const connect = Object.fromEntries(await Promise.all(files));
	// Where undici finds no global dispatcher it leaves its own, and Node's fetch of another version would use that.
	void globalThis.Headers;
	const { Agent, fetch } = await import("undici");
	const dispatcher = new Agent({ connect });
	// Two declarations of the same standard: undici's own and, for Node's global, those of @types/node.
	const send = fetch as unknown as (input: Parameters<Fetch>[0], init: object) => ReturnType<Fetch>;
	return (input, init) => send(input, { ...init, dispatcher });
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
