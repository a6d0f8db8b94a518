import { randomUUID } from "node:crypto";
import type { Agent, AgentOptions, Secrets } from "@clef-sh/core";
import type { EnvironmentConfig } from "@clef-sh/core/env";
import type { Observation, Telemetry } from "@clef-sh/telemetry";
import type { CommandIo } from "./command-io.js";
import type { EventLog } from "./event-log.js";
import type { Log } from "./log.js";
import { version } from "./version.js";

/** What it takes to report about an agent. */
export interface TelemetryParts {
	readonly config: EnvironmentConfig;
	readonly log: Log;
	readonly io: CommandIo;
	/** How what is sent leaves. */
	readonly fetch: typeof globalThis.fetch;
	/** Undefined before there is one. */
	readonly agent: () => Agent | undefined;
}

/** OpenTelemetry's own variables that name a place to send to, or ask for its default. */
const ASKS =
	/^OTEL_EXPORTER_OTLP_(?:(?:LOGS|METRICS|TRACES)_)?ENDPOINT$|^OTEL_(?:LOGS|METRICS|TRACES)_EXPORTER$/;

/** Where no TTL says otherwise, and in just-in-time mode. */
const STALE_AFTER_SECONDS = 300;

/** Starts telemetry where it is wanted; elsewhere none of its code is loaded. */
export async function startTelemetry(parts: TelemetryParts): Promise<Telemetry | undefined> {
	const { agent, config, fetch, io, log } = parts;
	if (!isWanted(config, io.env)) return undefined;
	const { createTelemetry } = await import("@clef-sh/telemetry");
	return createTelemetry({
		url: config.telemetryUrl,
		serviceVersion: version,
		instanceId: config.id ?? randomUUID(),
		identity: config.agent.identity,
		environment: config.agent.environment,
		env: io.env,
		secrets: () => secretsOf(agent()),
		observe: () => observation(agent(), io.now(), config.agent.ttlSeconds),
		onProblem: (sentence) => log.warn(sentence, { event: "telemetry" }),
		fetch,
		prometheus: config.metrics === "prometheus",
	});
}

/** Where an agent tells what happens: to the log, and to telemetry where there is any. */
export function sinks(
	events: Pick<EventLog, "write">,
	telemetry: Telemetry | undefined,
): Pick<AgentOptions, "onEvent" | "onMeasurement"> {
	if (telemetry === undefined) return { onEvent: events.write };
	return {
		onEvent: (event) => {
			events.write(event);
			telemetry.write(event);
		},
		onMeasurement: telemetry.write,
	};
}

function isWanted({ metrics, telemetryUrl }: EnvironmentConfig, env: CommandIo["env"]): boolean {
	if (telemetryUrl !== undefined || metrics !== undefined) return true;
	return Object.entries(env).some(([name, value]) => ASKS.test(name) && value !== "" && value !== "none");
}

/** For the headers in them; what cannot be opened has none. */
async function secretsOf(agent: Agent | undefined): Promise<Secrets | undefined> {
	try {
		return (await agent?.open())?.secrets;
	} catch {
		// The agent itself reports why.
		return undefined;
	}
}

function observation(agent: Agent | undefined, nowMs: number, ttlSeconds = 0): Observation {
	const status = agent?.status();
	const { ageMs = null, expiresAt = null, state = "not_loaded" } = status ?? {};
	return {
		state,
		ageSeconds: ageMs === null ? undefined : ageMs / 1000,
		ttlSeconds: ttlSeconds || STALE_AFTER_SECONDS,
		expiresInSeconds: expiresAt === null ? undefined : (expiresAt - nowMs) / 1000,
	};
}
