import type { AgentEvent, Serving } from "@clef-sh/core";
import type { Log, LogFields, LogLevel } from "./log.js";

type Failure = Extract<AgentEvent, { event: "fetch.failed" | "artifact.invalid" | "artifact.expired" }>;

/**
 * Turns the agent's events into lines a person can act on: one per change, with what is still served and until
 * when. A failure that only repeats the one before goes to debug.
 */
export class EventLog {
	readonly #log: Log;
	readonly #lastRefreshAt: () => number | null;
	#source: string | undefined;
	#mode: "cached" | "jit" | undefined;
	#reported: string | undefined;

	/** `lastRefreshAt` tells two outages with the same failure apart: it moved in between. */
	constructor(log: Log, lastRefreshAt: () => number | null) {
		this.#log = log;
		this.#lastRefreshAt = lastRefreshAt;
	}

	/** Safe for logs; undefined before the agent started. */
	get source(): string | undefined {
		return this.#source;
	}

	/** The sink to give to `createAgent`. */
	readonly write = (event: AgentEvent): void => {
		if (event.event === "agent.started") {
			this.#source = event.source;
			this.#mode = event.mode;
		}
		const level = this.#levelOf(event);
		this.#log[level](sentenceOf(event), this.#fieldsOf(event));
		if (event.event === "artifact.refreshed" && !event.kmsEnvelope) this.#warnOfMissingGate(event.revision);
	};

	/** Said once per artifact, since each is packed anew and could be packed with a KMS. */
	#warnOfMissingGate(revision: string): void {
		if (this.#mode !== "jit") return;
		this.#log.warn(
			`revision ${revision} is packed for an age key alone: every request decrypts it, but no KMS can refuse to; ` +
				"pack it with --kms for that",
			{ source: this.#source, event: "kms.gate_missing", revision },
		);
	}

	#levelOf(event: AgentEvent): LogLevel {
		if (!isFailure(event)) {
			if (!BESIDE_OUTAGE.has(event.event)) this.#reported = undefined;
			return LEVELS[event.event];
		}
		const what = [event.event, codeOf(event), event.serving.revision, this.#lastRefreshAt()].join(" ");
		const repeated = what === this.#reported;
		this.#reported = what;
		return repeated ? "debug" : LEVELS[event.event];
	}

	#fieldsOf(event: AgentEvent): LogFields {
		const { at: _, ...attributes } = event;
		if (!("serving" in attributes)) return { source: this.#source, ...attributes };
		const { serving, ...others } = attributes;
		return {
			source: this.#source,
			...others,
			servingRevision: serving.revision,
			servingUntil: serving.untilMs === undefined ? undefined : isoDate(serving.untilMs),
		};
	}
}

const LEVELS = {
	"agent.started": "debug",
	"agent.stopped": "info",
	"agent.recovered": "info",
	"artifact.refreshed": "info",
	"artifact.restored": "info",
	"artifact.revoked": "warn",
	"artifact.expired": "warn",
	"artifact.invalid": "error",
	"fetch.failed": "warn",
	"cache.expired": "error",
	"credential.failed": "warn",
	"disk.failed": "warn",
	"disk.recovered": "info",
} as const satisfies Record<AgentEvent["event"], LogLevel>;

/** What can happen in the middle of an outage and is no sign of its end. */
const BESIDE_OUTAGE: ReadonlySet<string> = new Set<AgentEvent["event"]>([
	"cache.expired",
	"credential.failed",
	"disk.failed",
	"disk.recovered",
]);

const FAILURES: ReadonlySet<string> = new Set<Failure["event"]>([
	"fetch.failed",
	"artifact.invalid",
	"artifact.expired",
]);

function isFailure(event: AgentEvent): event is Failure {
	return FAILURES.has(event.event);
}

function codeOf(event: Failure): string {
	return "code" in event ? event.code : "";
}

function sentenceOf(event: AgentEvent): string {
	switch (event.event) {
		case "agent.started":
			return `reading ${event.source}`;
		case "agent.stopped":
			return `stopped after ${event.uptimeSeconds} s; secrets are wiped from memory`;
		case "agent.recovered":
			return `recovered: the source is readable and revision ${event.revision} is served`;
		case "artifact.refreshed": {
			const keys = event.keyCount === undefined ? "" : `, ${counted(event.keyCount)}`;
			const end = event.expiresAt === undefined ? "" : `, expires ${event.expiresAt}`;
			return `serving revision ${event.revision}${keys}, packed ${event.packedAt}${end}`;
		}
		case "artifact.restored":
			return (
				`revision ${event.revision} restored from disk, which its source last confirmed at ` +
				`${isoDate(event.confirmedAt)}; ${restored(event.serving)}; asking the source now`
			);
		case "artifact.revoked":
			return (
				`artifact revoked${event.revokedAt === undefined ? "" : ` at ${event.revokedAt}`}: ` +
				`${event.diskCachePurged === true ? "memory and disk" : "memory"} wiped, ` +
				"secrets answer 503 until an artifact packed after that is published"
			);
		case "artifact.expired":
			return `artifact expired${event.expiresAt === undefined ? "" : ` at ${event.expiresAt}`}; ${served(event.serving)}; pack and publish a new one`;
		case "artifact.invalid":
			return `artifact refused: ${unfinished(event.error)}; ${served(event.serving)}`;
		case "fetch.failed":
			return `source not readable: ${unfinished(event.error)}; ${served(event.serving)}; retrying`;
		case "credential.failed":
		case "disk.failed":
			return event.error;
		case "disk.recovered":
			return "the last-known-good artifact is on disk again";
		case "cache.expired":
			return (
				`no successful refresh for ${event.cacheTtlSeconds} s (CLEF_AGENT_CACHE_TTL): ` +
				"secrets answer 503 until the source can be read again"
			);
	}
}

/** More of the sentence follows. */
function unfinished(sentence: string): string {
	return sentence.replace(/\.$/, "");
}

function restored({ untilMs }: Serving): string {
	return untilMs === undefined
		? "not served until it is confirmed again"
		: `served until ${isoDate(untilMs)}`;
}

function served({ revision, untilMs }: Serving): string {
	if (revision === undefined) return "nothing is served";
	return `still serving revision ${revision}${untilMs === undefined ? "" : ` until ${isoDate(untilMs)}`}`;
}

const LAST_DATE_MS = 8.64e15;

function isoDate(ms: number): string {
	return new Date(Math.min(ms, LAST_DATE_MS)).toISOString();
}

function counted(secrets: number): string {
	return secrets === 1 ? "1 secret" : `${secrets} secrets`;
}
