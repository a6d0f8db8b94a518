import type { AgentReport, Clock } from "@clef-sh/core";
import type { Delivery } from "./delivery.js";
import type { Drops } from "./drops.js";
import type { Settings } from "./settings.js";
import type { HandledRequest, Observation } from "./telemetry.js";

/** What turns events into telemetry once OpenTelemetry is loaded. */
export interface Pipeline {
	write(event: AgentReport): void;
	request(request: HandledRequest): void;
	metrics(): Promise<string>;
	/** Sends the log records and spans that wait; takes as long as the exporters do. */
	flush(): Promise<void>;
	/** Sends what is left; takes as long as the exporters do. */
	close(): Promise<void>;
	/** Cuts connections; what is still on its way counts as dropped. */
	giveUp(): void;
}

/** What a pipeline is made from. */
export interface PipelineOptions {
	readonly settings: Settings;
	readonly serviceVersion: string;
	/** Known at construction; those of {@link Settings} win. */
	readonly resource: Readonly<Record<string, string>>;
	/** `clef.source.type`; nothing is sent before it settles. */
	readonly sourceKind: Promise<string | undefined>;
	/** From the packed secrets, as they are now. */
	readonly headers: () => Readonly<Record<string, string>>;
	readonly observe: () => Observation;
	readonly drops: Drops;
	readonly delivery: Delivery;
	readonly fetch: typeof globalThis.fetch;
	readonly clock: Clock;
	readonly random: () => number;
	readonly prometheus: boolean;
}
