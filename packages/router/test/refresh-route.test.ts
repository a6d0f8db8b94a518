import type { RefreshOutcome } from "@clef-sh/core";
import { SourceError } from "@clef-sh/core";
import { ManualClock } from "@clef-sh/testkit/clock";
import { beforeEach, expect, it } from "vitest";
import { createRouter } from "../src/create-router.js";
import { FakeAgent } from "./fake-agent.js";
import { ask, shown, TOKEN } from "./requests.js";
import { gate } from "./waiting.js";

let clock: ManualClock;
let outcome: RefreshOutcome;
let started: number;
let pace: Promise<void>;
let post: (headers?: Record<string, string>) => Promise<Response>;
let router: ReturnType<typeof createRouter>;

beforeEach(async () => {
	clock = new ManualClock();
	outcome = { kind: "confirmed" };
	started = 0;
	pace = Promise.resolve();
	router = createRouter(await FakeAgent.of({ KEY: "a" }), {
		token: TOKEN,
		clock,
		refresh: async () => {
			started += 1;
			await pace;
			return outcome;
		},
	});
	post = (headers) => ask(router, "/v1/refresh", headers, "POST");
});

it.each([
	[{ kind: "confirmed" }, { outcome: "confirmed", revision: "r1" }],
	[
		{ kind: "replaced", revision: "r1" },
		{ outcome: "replaced", revision: "r1" },
	],
	[{ kind: "revoked" }, { outcome: "revoked", revision: "r1" }],
] as const)("tells that a refresh was %o", async (made, body) => {
	outcome = made;
	expect(await shown(await post())).toEqual({ status: 200, body });
});

it("tells why nothing else is held, by its code alone", async () => {
	outcome = {
		kind: "kept",
		error: new SourceError("SOURCE_TIMEOUT", "https://secret.example did not answer."),
	};
	expect(await shown(await post())).toEqual({
		status: 200,
		body: { outcome: "kept", revision: "r1", error: { code: "SOURCE_TIMEOUT" } },
	});
});

it("joins those who ask while one is under way", async () => {
	const { opened, open } = gate();
	pace = opened;
	const both = Promise.all([post(), post()]);
	open();
	expect((await both).map(({ status }) => status)).toEqual([200, 200]);
	expect(started).toBe(1);
});

it("L32 starts one a second at most", async () => {
	await post();
	const refused = await post();
	expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
	expect(await refused.json()).toMatchObject({ code: "REFRESH_TOO_SOON" });
	await clock.advance(1_000);
	expect((await post()).status).toBe(200);
	expect(started).toBe(2);
});

it.each(["GET", "HEAD", "PUT", "DELETE"])("L33 refuses to be asked by %s", async (method) => {
	const response = await ask(router, "/v1/refresh", {}, method);
	expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
	expect(started).toBe(0);
});

it.each([
	["L29 a web page", { Origin: "http://127.0.0.1:7779" }, 400],
	["L30 a proxy", { "X-Forwarded-For": "10.0.0.1" }, 400],
	["L31 no token", { Authorization: "" }, 401],
	["L28 another host", { Host: "evil.example" }, 403],
])("%s cannot ask for one", async (_, headers, status) => {
	expect((await post(headers)).status).toBe(status);
	expect(started).toBe(0);
});

it("is not there where nothing can be refreshed, and takes no other path's method with it", async () => {
	const without = createRouter(await FakeAgent.of({ KEY: "a" }), { token: TOKEN });
	expect((await ask(without, "/v1/refresh", {}, "POST")).status).toBe(404);
	expect((await ask(without, "/v1/events")).status).toBe(404);
	expect((await ask(router, "/v1/secrets", {}, "POST")).status).toBe(405);
});
