import type { AgentReport } from "@clef-sh/core";
import { withoutUrlSecrets } from "./safe-text.js";

/** A log record, before it is one of OpenTelemetry's. */
export interface EventRecord {
	/** `clef.<event>`. */
	readonly eventName: string;
	readonly severity: "INFO" | "WARN" | "ERROR";
	readonly body: string;
	/** Wall time, epoch milliseconds. */
	readonly at: number;
	readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** The events that become log records; the others are measurements, or of interest on this machine alone. */
export type LoggedEvent = Extract<AgentReport, { event: LoggedName }>;

type LoggedName =
	| "agent.started"
	| "agent.stopped"
	| "artifact.refreshed"
	| "artifact.revoked"
	| "artifact.expired"
	| "artifact.invalid"
	| "fetch.failed"
	| "cache.expired";

type Attribute = string | number | boolean | undefined;

const SEVERITIES: Readonly<Record<LoggedName, EventRecord["severity"]>> = {
	"agent.started": "INFO",
	"agent.stopped": "INFO",
	"artifact.refreshed": "INFO",
	"artifact.revoked": "WARN",
	"artifact.expired": "WARN",
	"artifact.invalid": "ERROR",
	"fetch.failed": "WARN",
	"cache.expired": "ERROR",
};

/** Whether an event becomes a log record. */
export function isLogged(event: AgentReport): event is LoggedEvent {
	return Object.hasOwn(SEVERITIES, event.event);
}

/** The log record of an event. */
export function recordOf(event: LoggedEvent, serviceVersion: string): EventRecord {
	const eventName = `clef.${event.event}`;
	return {
		eventName,
		severity: SEVERITIES[event.event],
		body: event.event,
		at: event.at,
		attributes: known({
			// Many backends do not show the name that a record itself carries.
			"event.name": eventName,
			...attributesOf(event, serviceVersion),
		}),
	};
}

/** Named one by one: what an event may hold besides stays here. */
function attributesOf(event: LoggedEvent, serviceVersion: string): Readonly<Record<string, Attribute>> {
	switch (event.event) {
		case "agent.started":
			return { "clef.version": serviceVersion };
		case "agent.stopped":
			return { "clef.uptimeSeconds": event.uptimeSeconds };
		case "artifact.refreshed":
			return {
				"clef.revision": event.revision,
				"clef.keyCount": event.keyCount,
				"clef.kmsEnvelope": event.kmsEnvelope,
				"clef.expiresAt": event.expiresAt,
			};
		case "artifact.revoked":
			return { "clef.revokedAt": event.revokedAt, "clef.diskCachePurged": event.diskCachePurged };
		case "artifact.expired":
			return { "clef.revision": event.revision, "clef.expiresAt": event.expiresAt };
		case "artifact.invalid":
			return { "clef.reason": event.reason, "clef.error": event.error };
		case "fetch.failed":
			return { "clef.error": event.error, "clef.diskCacheAvailable": event.diskCacheAvailable };
		case "cache.expired":
			return {
				"clef.cacheTtlSeconds": event.cacheTtlSeconds,
				"clef.diskCacheAvailable": event.diskCacheAvailable,
			};
	}
}

function known(attributes: Readonly<Record<string, Attribute>>): EventRecord["attributes"] {
	const record: Record<string, string | number | boolean> = {};
	for (const [name, value] of Object.entries(attributes)) {
		if (value === undefined) continue;
		record[name] = typeof value === "string" ? withoutUrlSecrets(value) : value;
	}
	return record;
}
