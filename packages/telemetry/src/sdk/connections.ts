import { readFile } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { IOtlpExportDelegate } from "@opentelemetry/otlp-exporter-base";
import { createOtlpHttpExportDelegate } from "@opentelemetry/otlp-exporter-base/node-http";
import type { IExporterMetricsHelper, ISerializer } from "@opentelemetry/otlp-transformer";
import { shownEndpoint } from "../endpoint.js";
import type { PipelineOptions } from "../pipeline.js";
import type { Signal, SignalSettings } from "../settings.js";
import { WatchedExporter } from "./watched-exporter.js";

/** How the items of a signal become bytes. */
export interface Encoding<Items, Response> {
	readonly protobuf: ISerializer<Items, Response>;
	readonly json: ISerializer<Items, Response>;
	readonly counting: IExporterMetricsHelper<Items>;
}

/** What becomes of a batch; `failed` is for the caller's own count. */
export type Settled<Items> = (items: Items, failed: boolean) => void;

type ConnectionsOptions = Pick<PipelineOptions, "clock" | "delivery" | "headers" | "serviceVersion">;

type Agent = HttpAgent | HttpsAgent;

/** Makes OpenTelemetry's OTLP/HTTP exporters, and owns the sockets that they use. */
export class Connections {
	readonly #options: ConnectionsOptions;
	readonly #agents = new Set<Agent>();
	#isCut = false;

	constructor(options: ConnectionsOptions) {
		this.#options = options;
	}

	/**
	 * The exporter of a signal. It is put together from OpenTelemetry's parts because the ready-made classes read
	 * `process.env` themselves.
	 */
	exporter<Items, Response>(
		signal: Signal,
		to: SignalSettings,
		encoding: Encoding<Items, Response>,
		settled: Settled<Items> = () => undefined,
	): WatchedExporter<Items> {
		const { clock, delivery } = this.#options;
		const endpoint = shownEndpoint(to.endpoint);
		const agents = new Set<Agent>();
		return new WatchedExporter(this.#delegate(to, encoding, agents), {
			clock,
			timeoutMs: to.timeoutMs,
			settled: (items, cause) => {
				if (cause === undefined) delivery.worked(signal, endpoint);
				else if (!this.#isCut) delivery.failed(signal, { endpoint, cause });
				settled(items, cause !== undefined);
			},
			// Node's request time-out starts again with every byte.
			abort: () => {
				for (const agent of agents) agent.destroy();
			},
		});
	}

	/** Ends every request under way, and any that would be tried again. */
	cut(): void {
		this.#isCut = true;
		for (const agent of this.#agents) agent.destroy();
	}

	#delegate<Items, Response>(
		to: SignalSettings,
		{ protobuf, json, counting }: Encoding<Items, Response>,
		agents: Set<Agent>,
	): IOtlpExportDelegate<Items> {
		const isJson = to.protocol === "http/json";
		const type = isJson ? "application/json" : "application/x-protobuf";
		const { headers: packed, serviceVersion } = this.#options;
		const configuration = {
			url: to.endpoint,
			timeoutMillis: to.timeoutMs,
			concurrencyLimit: 30,
			compression: to.compression,
			userAgent: `clef-agent/${serviceVersion}`,
			// Asked for at every attempt, so that a rotated header is used at once.
			headers: async (): Promise<Record<string, string>> => {
				if (this.#isCut) await new Promise(() => undefined);
				return { ...lowerCased(to.headers), ...packed(), "content-type": type };
			},
			agentFactory: (protocol: string) => this.#agent(protocol, to, agents),
		};
		return createOtlpHttpExportDelegate(configuration, isJson ? json : protobuf, "", counting, undefined);
	}

	async #agent(protocol: string, { tls }: SignalSettings, agents: Set<Agent>): Promise<HttpsAgent> {
		const agent =
			protocol === "https:"
				? new HttpsAgent({ keepAlive: true, ...(await readAll(tls)) })
				: new HttpAgent({ keepAlive: true });
		agents.add(agent);
		this.#agents.add(agent);
		// Either of them; the exporter's type names only one at a time.
		return agent as HttpsAgent;
	}
}

async function readAll(paths: SignalSettings["tls"]): Promise<Record<string, Buffer>> {
	const files = Object.entries(paths).map(async ([name, path]) => [name, await readFile(path)] as const);
	return Object.fromEntries(await Promise.all(files));
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
