import { inspect } from "node:util";
import { CacheError, createAgent, DecryptError } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { Hono } from "hono";
import { beforeAll, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { createRouter, RouterError } from "../src/index.js";
import { FakeAgent, secretsOf } from "./fake-agent.js";
import { ask, shown, TOKEN } from "./requests.js";

const payload = { database: { URL: "postgres://db", API_KEY: "db" }, search: { API_KEY: "s" } };
const ENDPOINTS = ["/v1/health", "/v1/ready", "/v1/secrets", "/v1/secrets/KEY", "/v1/keys", "/nowhere", "/"];
const SECRET_ENDPOINTS = ["/v1/secrets", "/v1/secrets/database__URL", "/v1/secrets/database/URL", "/v1/keys"];

let secrets: Awaited<ReturnType<typeof secretsOf>>;
let agent: FakeAgent;
let router: Hono;

beforeAll(async () => {
	secrets = await secretsOf(payload);
});

beforeEach(() => {
	agent = new FakeAgent(secrets);
	router = createRouter(agent, { token: TOKEN });
});

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe("createRouter", () => {
	it("refuses an empty token, which every client would know", () => {
		expect(() => createRouter(agent, { token: "" })).toThrow(RouterError);
		expect(() => createRouter(agent, { token: "" })).toThrow(/^The token is empty; .*\.$/);
	});

	it("asks for a whole set of options and nothing less", () => {
		// @ts-expect-error a router without a token must not compile
		expectTypeOf(createRouter).toBeCallableWith(agent, {});
		expectTypeOf(createRouter).returns.toEqualTypeOf<Hono>();
	});
});

describe("every response", () => {
	it.each([
		["200", "/v1/health", {}, 200],
		["200 secrets", "/v1/secrets", {}, 200],
		["304", "/v1/secrets", { "If-None-Match": "*" }, 304],
		["400", "/v1/secrets", { Origin: "null" }, 400],
		["401", "/v1/secrets", { Authorization: "" }, 401],
		["403", "/v1/health", { Host: "evil.example" }, 403],
		["404", "/v1/secrets/NONE", {}, 404],
		["409", "/v1/secrets/API_KEY", {}, 409],
	] as const)("%s forbids caching and sniffing and shows no banner", async (_, path, headers, status) => {
		const response = await ask(router, path, headers);
		expect(response.status).toBe(status);
		expect(response.headers.get("Cache-Control")).toBe("no-store");
		expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
		expect(response.headers.get("Server")).toBeNull();
		expect(response.headers.get("X-Powered-By")).toBeNull();
	});

	it.each([
		["405", "/v1/secrets", "POST", 405],
		["503", "/v1/secrets", "GET", 503],
		["500", "/v1/keys", "GET", 500],
	] as const)("%s too, and its body is JSON with a sentence and a code", async (_, path, method, status) => {
		agent.failure = status === 503 ? new CacheError("AGENT_NOT_READY", "Not yet.") : new TypeError("a bug");
		const response = await ask(router, path, {}, method);
		expect(response.status).toBe(status);
		expect(response.headers.get("Cache-Control")).toBe("no-store");
		expect(response.headers.get("Content-Type")).toBe("application/json");
		expect(await response.json()).toEqual({
			error: expect.stringMatching(/^[A-Z].*\.$/),
			code: expect.any(String),
		});
	});
});

describe("the order of refusals", () => {
	const everythingWrong = { Host: "evil", Origin: "https://evil", Via: "1.1 evil", Authorization: "" };

	it("L28 a wrong Host comes first, on every path and for every method", async () => {
		for (const path of ENDPOINTS) {
			for (const method of ["GET", "HEAD", "POST", "OPTIONS", "DELETE"]) {
				expect((await ask(router, path, everythingWrong, method)).status).toBe(403);
			}
		}
	});

	it("then the method, browser, proxy and token, and only then the route", async () => {
		const own = { ...everythingWrong, Host: "localhost" };
		expect(await codeOf(await ask(router, "/v1/secrets", own, "PUT"))).toBe("METHOD_NOT_ALLOWED");
		expect(await codeOf(await ask(router, "/v1/secrets", own))).toBe("BROWSER_REFUSED");
		const { Origin: _, ...direct } = own;
		expect(await codeOf(await ask(router, "/v1/secrets", direct))).toBe("PROXY_REFUSED");
		const { Via: __, ...plain } = direct;
		expect(await codeOf(await ask(router, "/v1/secrets", plain))).toBe("UNAUTHORIZED");
		expect(await codeOf(await ask(router, "/v1/secrets/none/of/these", plain))).toBe("UNAUTHORIZED");
		expect(await codeOf(await ask(router, "/v1/secrets/none/of/these"))).toBe("NOT_FOUND");
	});

	it("refuses before the agent is asked for anything", async () => {
		agent.failure = new TypeError("must not be reached");
		for (const path of SECRET_ENDPOINTS) {
			expect((await ask(router, path, { Authorization: "" })).status).toBe(401);
		}
	});
});

describe("routes", () => {
	it.each([
		["/", 404],
		["/v1", 404],
		["/v2/secrets", 404],
		["/V1/Health", 404],
		["/v1/health/", 404],
		["/v1/healthz", 404],
		["/v1/%68ealth", 404],
		["/v1/keys/", 404],
		["/v1/secrets/", 404],
		["//v1//secrets", 404],
		["/v1//secrets", 404],
		["/v1/secrets//database", 404],
		["/v1/secrets/database/", 404],
		["/v1/secrets/database/URL/", 404],
		["/v1/secrets/a/b/c", 404],
		["/V1/SECRETS", 404],
		["/v1/Secrets/database__URL", 404],
	])("L33 %s is a uniform %i", async (path, status) => {
		const response = await ask(router, `http://localhost${path}`);
		expect(await shown(response)).toEqual({
			status,
			body: { error: expect.stringMatching(/\.$/), code: "NOT_FOUND" },
		});
	});

	it("L29 mounted under a path of its own it serves nothing, rather than secrets without their checks", async () => {
		const outer = new Hono().route("/clef", router);
		for (const path of SECRET_ENDPOINTS) {
			expect((await ask(outer as Hono, `/clef${path}`)).status).toBe(404);
			expect((await ask(outer as Hono, `/clef${path}`, { Authorization: "" })).status).toBe(404);
		}
		expect(agent.opens).toBe(0);
	});

	it.each(["a/b", "100%", "naïve café", "a b", "€", "%41"])(
		"L33 the name %s is found through an application around it, and its endpoints have no other spelling there",
		async (name) => {
			const inner = createRouter(await FakeAgent.of({ [name]: "value" }), { token: TOKEN });
			const outer = new Hono().route("/", inner) as Hono;
			const path = `/v1/secrets/${encodeURIComponent(name)}`;
			expect((await shown(await ask(outer, path))).body).toEqual({ value: "value" });
			expect((await ask(outer, "/v1/%73ecrets")).status).toBe(404);
			expect((await ask(outer, path, { Authorization: "" })).status).toBe(401);
		},
	);

	it("L33 HEAD has the status and headers of GET, and no body", async () => {
		for (const path of [...ENDPOINTS, ...SECRET_ENDPOINTS]) {
			const get = await ask(router, path);
			const head = await ask(router, path, {}, "HEAD");
			expect(head.status).toBe(get.status);
			expect([...head.headers]).toEqual([...get.headers]);
			expect(await head.text()).toBe("");
			expect(Number(head.headers.get("Content-Length"))).toBe((await get.arrayBuffer()).byteLength);
		}
	});
});

describe("failures", () => {
	it("A4 answers 503 with the agent's code, sentence and reason", async () => {
		const sentence = "The artifact has expired; pack a new one.";
		agent.failure = new CacheError("ARTIFACT_EXPIRED", sentence, { reason: "artifact_expired" });
		for (const path of SECRET_ENDPOINTS) {
			expect(await shown(await ask(router, path))).toEqual({
				status: 503,
				body: { error: sentence, code: "ARTIFACT_EXPIRED", reason: "artifact_expired" },
			});
		}
	});

	it("a failed just-in-time decryption is 503 with its code and no reason", async () => {
		agent.failure = new DecryptError("DECRYPT_UNWRAP_FAILED", "The key service is away; it is retried.");
		expect(await shown(await ask(router, "/v1/secrets"))).toEqual({
			status: 503,
			body: { error: "The key service is away; it is retried.", code: "DECRYPT_UNWRAP_FAILED" },
		});
	});

	it.each([
		["a plain error", new TypeError("secret=hunter2")],
		["an error with a foreign code", Object.assign(new Error("hunter2"), { code: "ENOENT" })],
		["an error with a numeric code", Object.assign(new Error("hunter2"), { code: 7 })],
		["an error of configuration", Object.assign(new Error("hunter2"), { code: "CONFIG_INVALID" })],
	])("%s is a 500 that tells nothing", async (_, failure) => {
		agent.failure = failure;
		expect(await shown(await ask(router, "/v1/secrets"))).toEqual({
			status: 500,
			body: { error: "Internal error.", code: "INTERNAL" },
		});
	});

	it("a status that throws is a 500 as well", async () => {
		agent.status = () => {
			throw new TypeError("a bug");
		};
		expect((await ask(router, "/v1/ready")).status).toBe(500);
	});

	it("L31 neither token nor secrets show in what is inspected", async () => {
		const response = await ask(router, "/v1/secrets/none");
		for (const text of [inspect(router, { depth: 9 }), inspect(response), await response.text()]) {
			expect(text).not.toContain(TOKEN);
			expect(text).not.toContain("postgres");
		}
	});
});

describe("over a real agent", () => {
	const start = async (source: ScriptedSource, ttlSeconds: number, clock = new ManualClock()) => {
		const decryptor = { ageIdentities: vectorKeys.ageSecretKey };
		const real = await createAgent({ source, decryptor, clock, ttlSeconds, firstLoad: "background" });
		await real.refresh();
		return { real, clock, routed: createRouter(real, { token: TOKEN }) };
	};

	it.each([
		["cached", 300],
		["jit", 0],
	])("%s mode serves a golden vector as it was packed", async (mode, ttlSeconds) => {
		const { real, routed } = await start(new ScriptedSource(vector("signed")), ttlSeconds);
		await using _ = real;
		expect((await shown(await ask(routed, "/v1/secrets"))).body).toEqual(vectorSecrets);
		expect((await shown(await ask(routed, "/v1/secrets/payments/API_KEY"))).body).toEqual({
			value: "payments-key",
		});
		expect((await shown(await ask(routed, "/v1/health"))).body).toMatchObject({ mode, state: "ready" });
	});

	it.each([
		["cached", 300],
		["jit", 0],
	])("A4 %s: an artifact that expires while it is unmodified is no longer served", async (_, ttlSeconds) => {
		const clock = new ManualClock();
		const expiresAt = new Date(clock.now() + 60_000).toISOString();
		const source = new ScriptedSource(await sealArtifact({ expiresAt }));
		const { real, routed } = await start(source, ttlSeconds, clock);
		await using __ = real;
		expect((await ask(routed, "/v1/ready")).status).toBe(200);
		await clock.advance(60_000);
		const body = { ready: false, reason: "artifact_expired" };
		expect(await shown(await ask(routed, "/v1/ready"))).toEqual({ status: 503, body });
		expect(await shown(await ask(routed, "/v1/secrets"))).toMatchObject({
			status: 503,
			body: { code: "ARTIFACT_EXPIRED", reason: "artifact_expired" },
		});
	});

	it("A9 a revocation empties the API", async () => {
		const source = new ScriptedSource(vector("signed"));
		const { real, routed } = await start(source, 300);
		await using _ = real;
		source.put(vector("revoked"));
		await real.refresh();
		expect(await shown(await ask(routed, "/v1/secrets"))).toMatchObject({
			status: 503,
			body: { code: "ARTIFACT_REVOKED", reason: "revoked" },
		});
		expect((await ask(routed, "/v1/health")).status).toBe(200);
	});
});
