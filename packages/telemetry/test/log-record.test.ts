import type { AgentReport } from "@clef-sh/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLogged, recordOf } from "../src/log-record.js";
import { AT, EVENTS, LOGGED } from "./events.js";

const ATTRIBUTES = new Set([
	"event.name",
	"clef.revision",
	"clef.keyCount",
	"clef.kmsEnvelope",
	"clef.reason",
	"clef.error",
	"clef.uptimeSeconds",
	"clef.expiresAt",
	"clef.revokedAt",
	"clef.cacheTtlSeconds",
	"clef.diskCachePurged",
	"clef.diskCacheAvailable",
	"clef.version",
]);

function record(name: (typeof LOGGED)[number]) {
	return recordOf(EVENTS[name], "1.2.3");
}

describe("isLogged", () => {
	it("takes the events of the contract and no others", () => {
		const logged = Object.values(EVENTS).filter(isLogged);
		expect(logged.map(({ event }) => event).sort()).toEqual([...LOGGED].sort());
	});
});

describe("recordOf", () => {
	it.each([
		["agent.started", "INFO", { "clef.version": "1.2.3" }],
		["agent.stopped", "INFO", { "clef.uptimeSeconds": 9 }],
		[
			"artifact.refreshed",
			"INFO",
			{
				"clef.revision": "r1",
				"clef.keyCount": 3,
				"clef.kmsEnvelope": true,
				"clef.expiresAt": "2026-12-20T00:00:00.000Z",
			},
		],
		[
			"artifact.revoked",
			"WARN",
			{ "clef.revokedAt": "2026-11-21T00:00:00.000Z", "clef.diskCachePurged": true },
		],
		["artifact.expired", "WARN", { "clef.revision": "r1", "clef.expiresAt": "2026-12-20T00:00:00.000Z" }],
		[
			"artifact.invalid",
			"ERROR",
			{ "clef.reason": "signature_invalid", "clef.error": "No verify key made this signature." },
		],
		[
			"fetch.failed",
			"WARN",
			{
				"clef.error": "No connection to https://example.com/a.json came about.",
				"clef.diskCacheAvailable": false,
			},
		],
		["cache.expired", "ERROR", { "clef.cacheTtlSeconds": 300, "clef.diskCacheAvailable": true }],
	] as const)("makes a record of %s", (name, severity, attributes) => {
		expect(record(name)).toEqual({
			eventName: `clef.${name}`,
			severity,
			body: name,
			at: AT,
			attributes: { "event.name": `clef.${name}`, ...attributes },
		});
	});

	it("leaves out what is not known", () => {
		const event = { ...EVENTS["artifact.refreshed"], keyCount: undefined, expiresAt: undefined };
		expect(Object.keys(recordOf(event, "1").attributes)).not.toContain("clef.keyCount");
		expect(Object.keys(recordOf(event, "1").attributes)).not.toContain("clef.expiresAt");
	});

	it("T27 holds nothing but the contract's attributes, and no part of a URL that may be secret", () => {
		const leaky = fc
			.record({ url: fc.webUrl(), secret: fc.uuid() })
			.map(({ url, secret }) => ({ secret, text: `see ${url}?token=${secret} or https://u:${secret}@h/p` }));
		fc.assert(
			fc.property(fc.constantFrom(...LOGGED), leaky, (name, { secret, text }) => {
				const fields = Object.entries({ ...EVENTS[name], token: text, secretValue: secret }).map(
					([key, value]) => [key, typeof value === "string" && key !== "event" ? text : value] as const,
				);
				const event = Object.fromEntries(fields) as unknown as AgentReport;
				if (!isLogged(event)) throw new TypeError(`${name} is logged.`);
				const made = recordOf(event, "1.2.3");
				expect(JSON.stringify(made)).not.toContain(secret);
				expect(Object.keys(made.attributes).filter((key) => !ATTRIBUTES.has(key))).toEqual([]);
			}),
		);
	});
});
