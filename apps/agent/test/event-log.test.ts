import type { AgentEvent } from "@clef-sh/core";
import { beforeEach, expect, it } from "vitest";
import { EventLog } from "../src/event-log.js";
import type { Log, LogFields } from "../src/log.js";

const at = Date.UTC(2027, 0, 1);
const nothing = { revision: undefined, untilMs: undefined };
const held = { revision: "r1", untilMs: at + 300_000 };

let lines: { level: string; sentence: string; fields: LogFields | undefined }[];
let lastRefreshAt: number | null;
let events: EventLog;

beforeEach(() => {
	lines = [];
	lastRefreshAt = null;
	const to = (level: string) => (sentence: string, fields?: LogFields) => {
		lines.push({ level, sentence, fields });
	};
	const log: Log = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
	events = new EventLog(log, () => lastRefreshAt);
	events.write({ event: "agent.started", at, mode: "cached", sourceType: "file", source: "file /s.json" });
	lines = [];
});

function written(event: AgentEvent) {
	lines = [];
	events.write(event);
	expect(lines).toHaveLength(1);
	return lines[0];
}

function failed(
	code: "SOURCE_TIMEOUT" | "SOURCE_NOT_FOUND",
	serving: typeof held | typeof nothing,
): AgentEvent {
	return {
		event: "fetch.failed",
		at,
		code,
		error: "It failed; look there.",
		retryAfterMs: undefined,
		diskCacheAvailable: undefined,
		serving,
	};
}

it("remembers the source and puts it on every line", () => {
	expect(events.source).toBe("file /s.json");
	expect(written({ event: "agent.stopped", at, uptimeSeconds: 9 })).toEqual({
		level: "info",
		sentence: "stopped after 9 s; secrets are wiped from memory",
		fields: { source: "file /s.json", event: "agent.stopped", uptimeSeconds: 9 },
	});
});

it("tells what is served after a refresh", () => {
	const event = {
		event: "artifact.refreshed",
		at,
		revision: "r1",
		keyCount: 8,
		kmsEnvelope: false,
		packedAt: "2026-12-31T00:00:00.000Z",
		expiresAt: "2027-02-01T00:00:00.000Z",
	} as const;
	expect(written(event)).toMatchObject({
		level: "info",
		sentence:
			"serving revision r1, 8 secrets, packed 2026-12-31T00:00:00.000Z, expires 2027-02-01T00:00:00.000Z",
		fields: { revision: "r1", keyCount: 8 },
	});
	expect(written({ ...event, keyCount: undefined, expiresAt: undefined })?.sentence).toBe(
		"serving revision r1, packed 2026-12-31T00:00:00.000Z",
	);
});

it("warns once per revision that nothing but an age key guards what is decrypted just in time", () => {
	const refreshed = {
		event: "artifact.refreshed",
		at,
		revision: "r1",
		keyCount: undefined,
		kmsEnvelope: false,
		packedAt: "2026-12-31T00:00:00.000Z",
		expiresAt: undefined,
	} as const;
	const warnings = (event: AgentEvent) => {
		lines = [];
		events.write(event);
		return lines.filter(({ level }) => level === "warn");
	};
	expect(warnings(refreshed)).toEqual([]);
	events.write({ event: "agent.started", at, mode: "jit", sourceType: "file", source: "file /s.json" });
	expect(warnings(refreshed)).toEqual([
		{
			level: "warn",
			sentence:
				"revision r1 is packed for an age key alone: every request decrypts it, but no KMS can refuse to; pack it with --kms for that",
			fields: { source: "file /s.json", event: "kms.gate_missing", revision: "r1" },
		},
	]);
	expect(warnings(failed("SOURCE_TIMEOUT", held))).toHaveLength(1);
	expect(warnings({ ...refreshed, revision: "r2" })).toHaveLength(1);
	expect(warnings({ ...refreshed, kmsEnvelope: true })).toEqual([]);
});

it("tells what is still served, and until when, after a failure", () => {
	expect(written(failed("SOURCE_TIMEOUT", held))).toEqual({
		level: "warn",
		sentence:
			"source not readable: It failed; look there; still serving revision r1 until 2027-01-01T00:05:00.000Z; retrying",
		fields: {
			source: "file /s.json",
			event: "fetch.failed",
			code: "SOURCE_TIMEOUT",
			error: "It failed; look there.",
			retryAfterMs: undefined,
			servingRevision: "r1",
			servingUntil: "2027-01-01T00:05:00.000Z",
		},
	});
	expect(written(failed("SOURCE_NOT_FOUND", nothing))?.sentence).toContain("nothing is served");
});

it("copes with an end beyond the last date there is", () => {
	const event = failed("SOURCE_TIMEOUT", { revision: "r1", untilMs: Number.POSITIVE_INFINITY });
	expect(written(event)?.sentence).toContain("until +275760-09-13T00:00:00.000Z");
	const endless = { ...failed("SOURCE_NOT_FOUND", held), serving: { revision: "r1", untilMs: undefined } };
	expect(written(endless as AgentEvent)?.sentence).toContain("still serving revision r1; retrying");
});

it("warns once of failures that repeat, then speaks only in debug", () => {
	const levels = [1, 2, 3].map(() => written(failed("SOURCE_TIMEOUT", held))?.level);
	expect(levels).toEqual(["warn", "debug", "debug"]);
});

it("warns again when the failure changes, and when what is served changes", () => {
	expect(written(failed("SOURCE_TIMEOUT", held))?.level).toBe("warn");
	expect(written(failed("SOURCE_NOT_FOUND", held))?.level).toBe("warn");
	expect(written(failed("SOURCE_NOT_FOUND", nothing))?.level).toBe("warn");
});

it("warns again in a second outage, after polls that found nothing new", () => {
	written(failed("SOURCE_TIMEOUT", held));
	lastRefreshAt = at + 1;
	expect(written(failed("SOURCE_TIMEOUT", held))?.level).toBe("warn");
});

it("warns again after another artifact was taken", () => {
	written(failed("SOURCE_TIMEOUT", held));
	written({ event: "agent.recovered", at, revision: "r1" });
	expect(written(failed("SOURCE_TIMEOUT", held))?.level).toBe("warn");
});

it("does not repeat the failure that led to a stale cache", () => {
	written(failed("SOURCE_TIMEOUT", nothing));
	expect(
		written({ event: "cache.expired", at, cacheTtlSeconds: 300, diskCacheAvailable: undefined }),
	).toMatchObject({
		level: "error",
		sentence:
			"no successful refresh for 300 s (CLEF_AGENT_CACHE_TTL): secrets answer 503 until the source can be read again",
	});
	expect(written(failed("SOURCE_TIMEOUT", nothing))?.level).toBe("debug");
});

it("calls a refused artifact an error", () => {
	const event = {
		event: "artifact.invalid",
		at,
		reason: "signature_invalid",
		code: "ARTIFACT_SIGNATURE_INVALID",
		error: "No trusted key made the signature.",
		serving: held,
	} as const;
	expect(written(event)).toMatchObject({
		level: "error",
		sentence:
			"artifact refused: No trusted key made the signature; still serving revision r1 until 2027-01-01T00:05:00.000Z",
		fields: { code: "ARTIFACT_SIGNATURE_INVALID", reason: "signature_invalid" },
	});
	expect(written(event)?.level).toBe("debug");
});

it("tells what was restored from disk, and whether it may be served", () => {
	const restored = {
		event: "artifact.restored",
		at,
		revision: "r1",
		keyCount: 2,
		kmsEnvelope: false,
		packedAt: "2026-12-31T00:00:00.000Z",
		expiresAt: undefined,
		confirmedAt: at,
	} as const;
	expect(written({ ...restored, serving: held })).toMatchObject({
		level: "info",
		sentence:
			"revision r1 restored from disk, which its source last confirmed at 2027-01-01T00:00:00.000Z; " +
			"served until 2027-01-01T00:05:00.000Z; asking the source now",
	});
	expect(written({ ...restored, serving: nothing })?.sentence).toContain(
		"not served until it is confirmed again",
	);
});

it("tells of a disk that fails without taking it for the end of an outage", () => {
	written(failed("SOURCE_TIMEOUT", held));
	const failure = { event: "disk.failed", at, code: "CACHE_UNWRITABLE", error: "The disk is full." } as const;
	expect(written(failure)).toMatchObject({ level: "warn", sentence: "The disk is full." });
	expect(written({ event: "disk.recovered", at })?.level).toBe("info");
	expect(written(failed("SOURCE_TIMEOUT", held))?.level).toBe("debug");
});

it("tells of revocation, expiry and recovery", () => {
	const revoked = { event: "artifact.revoked", at, diskCachePurged: undefined } as const;
	expect(written({ ...revoked, revokedAt: "2027-01-01T00:00:00.000Z" })).toMatchObject({
		level: "warn",
		sentence:
			"artifact revoked at 2027-01-01T00:00:00.000Z: memory wiped, secrets answer 503 until an artifact packed after that is published",
	});
	expect(written({ ...revoked, revokedAt: undefined })?.sentence).toMatch(/^artifact revoked: memory wiped/);
	expect(written({ ...revoked, revokedAt: undefined, diskCachePurged: true })?.sentence).toMatch(
		/^artifact revoked: memory and disk wiped/,
	);
	const expired = { event: "artifact.expired", at, revision: "r1", serving: nothing } as const;
	expect(written({ ...expired, expiresAt: "2026-12-31T00:00:00.000Z" })).toMatchObject({
		level: "warn",
		sentence: "artifact expired at 2026-12-31T00:00:00.000Z; nothing is served; pack and publish a new one",
	});
	expect(written({ ...expired, expiresAt: undefined })?.level).toBe("debug");
	expect(written({ event: "agent.recovered", at, revision: "r1" })).toMatchObject({
		level: "info",
		sentence: "recovered: the source is readable and revision r1 is served",
	});
});
