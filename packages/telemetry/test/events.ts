import type { AgentReport } from "@clef-sh/core";

/** Some wall time, epoch milliseconds; before the process of the tests began, and with a fraction. */
export const AT = 1_795_000_000_000.5;

const nothing = { revision: undefined, untilMs: undefined };

type EventOf<Name extends AgentReport["event"]> = Extract<AgentReport, { event: Name }>;

/** One event of each kind. */
export const EVENTS: { readonly [Name in AgentReport["event"]]: EventOf<Name> } = {
	"agent.started": {
		event: "agent.started",
		at: AT,
		mode: "cached",
		sourceType: "github",
		source: "acme/app on GitHub",
	},
	"agent.stopped": { event: "agent.stopped", at: AT, uptimeSeconds: 9 },
	"agent.recovered": { event: "agent.recovered", at: AT, revision: "r1" },
	"artifact.refreshed": {
		event: "artifact.refreshed",
		at: AT,
		revision: "r1",
		keyCount: 3,
		kmsEnvelope: true,
		packedAt: "2026-11-20T00:00:00.000Z",
		expiresAt: "2026-12-20T00:00:00.000Z",
	},
	"artifact.restored": {
		event: "artifact.restored",
		at: AT,
		revision: "r0",
		keyCount: 3,
		kmsEnvelope: false,
		packedAt: "2026-11-20T00:00:00.000Z",
		expiresAt: undefined,
		confirmedAt: AT,
		serving: nothing,
	},
	"artifact.revoked": {
		event: "artifact.revoked",
		at: AT,
		revokedAt: "2026-11-21T00:00:00.000Z",
		diskCachePurged: true,
	},
	"artifact.expired": {
		event: "artifact.expired",
		at: AT,
		revision: "r1",
		expiresAt: "2026-12-20T00:00:00.000Z",
		serving: nothing,
	},
	"artifact.invalid": {
		event: "artifact.invalid",
		at: AT,
		reason: "signature_invalid",
		code: "ARTIFACT_SIGNATURE_INVALID",
		error: "No verify key made this signature.",
		serving: nothing,
	},
	"fetch.failed": {
		event: "fetch.failed",
		at: AT,
		code: "SOURCE_UNREACHABLE",
		error: "No connection to https://example.com/a.json came about.",
		retryAfterMs: undefined,
		diskCacheAvailable: false,
		serving: nothing,
	},
	"cache.expired": { event: "cache.expired", at: AT, cacheTtlSeconds: 300, diskCacheAvailable: true },
	"credential.failed": {
		event: "credential.failed",
		at: AT,
		code: "CONFIG_INVALID",
		error: "The token file is empty.",
	},
	"disk.failed": { event: "disk.failed", at: AT, code: "CACHE_UNWRITABLE", error: "The disk is full." },
	"disk.recovered": { event: "disk.recovered", at: AT },
	"refresh.finished": {
		event: "refresh.finished",
		at: AT,
		startedAt: AT - 250,
		durationMs: 250,
		outcome: "kept",
		code: "DECRYPT_UNWRAP_FAILED",
		steps: [
			{ name: "read", startedAt: AT - 250, durationMs: 100, code: undefined },
			{ name: "decrypt", startedAt: AT - 150, durationMs: 150, code: "DECRYPT_UNWRAP_FAILED" },
		],
	},
	"secrets.decrypted": {
		event: "secrets.decrypted",
		at: AT,
		durationMs: 2,
		encryption: "age",
		code: undefined,
	},
	"kms.called": {
		event: "kms.called",
		at: AT,
		provider: "aws",
		durationMs: 40,
		code: "DECRYPT_UNWRAP_FAILED",
	},
};

/** The events that contract §5 lists. */
export const LOGGED = [
	"agent.started",
	"agent.stopped",
	"artifact.refreshed",
	"artifact.revoked",
	"artifact.expired",
	"artifact.invalid",
	"fetch.failed",
	"cache.expired",
] as const;
