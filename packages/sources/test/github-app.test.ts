import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { GithubAppRegistration } from "@clef-sh/testkit/github-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { describeSourceConformance, printed } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GithubAppOptions } from "../src/index.js";
import { createSource } from "../src/index.js";
import { asRaw, type GithubStage, openGithub, PLACE, TIMEOUTS } from "./github-stage.js";

const BODY = Buffer.from('{"version":1}');
const KEYS = generateKeyPairSync("rsa", { modulusLength: 2048 });
const REGISTRATION: GithubAppRegistration = {
	id: 12345,
	publicKey: String(KEYS.publicKey.export({ type: "spki", format: "pem" })),
	installationId: 100,
	repositories: ["acme/app", "acme/other"],
	permissions: { contents: "write", metadata: "read" },
};
const APP: GithubAppOptions = { id: "12345", installationId: 100, privateKey: pem(KEYS.privateKey, "pkcs1") };

function pem(key: KeyObject, type: "pkcs1" | "pkcs8"): string {
	return String(key.export({ type, format: "pem" }));
}

async function openApp(
	bytes: Uint8Array,
	registration = REGISTRATION,
	now = () => Date.now(),
): Promise<GithubStage> {
	return openGithub(bytes, { app: APP }, { apps: [registration], now }, { now });
}

describeSourceConformance<GithubStage>("github, as an App", {
	open: (bytes) => openApp(bytes),
	hold: (stage, bytes) => stage.hold(bytes),
	faults: {
		notFound: ({ server }) => server.respondWith(behaviours.status(404)),
		unauthorized: ({ server }) => server.respondWith(behaviours.status(403)),
		rateLimited: ({ server }) => server.respondWith(behaviours.status(403, { "retry-after": "7" })),
		failing: ({ server }) => server.respondWith(behaviours.status(500)),
		unreachable: (stage) => {
			stage.detour = "http://127.0.0.1:1";
		},
		timeout: ({ server, timers }) => {
			server.respondWith(behaviours.silence());
			const set = timers.nextSet(TIMEOUTS.headersMs);
			return async () => {
				await set;
				timers.fire(TIMEOUTS.headersMs);
			};
		},
		tooLarge: ({ server }) => server.respondWith(asRaw(behaviours.gzipBomb(4))),
		redirected: ({ server }) => server.respondWith(behaviours.redirect("http://169.254.169.254/?s1gned")),
		cutShort: ({ server }) => server.respondWith(asRaw(behaviours.cutShort("{"))),
		wrongContent: ({ server }) => server.respondWith(behaviours.html()),
	},
});

describe("GithubApp", () => {
	let stage: GithubStage;
	beforeEach(async () => {
		stage = await openApp(BODY);
	});
	afterEach(() => stage.close());
	const restart = async (registration?: GithubAppRegistration, now?: () => number) => {
		await stage.close();
		stage = await openApp(BODY, registration, now);
	};
	const urls = () => stage.server.requests.map(({ method, url }) => `${method} ${url.split("/contents")[0]}`);
	const EXCHANGE = "POST /api/v3/app/installations/100/access_tokens";
	const READ = "GET /api/v3/repos/acme/app";
	const readAgain = () => stage.source.read(undefined, new AbortController().signal);

	it("asks for a token that can read the contents of one repository and nothing else, once", async () => {
		await readAgain();
		await readAgain();
		expect(urls()).toEqual([EXCHANGE, READ, READ]);
		const [exchange, read] = stage.server.requests;
		expect(JSON.parse(exchange?.body ?? "")).toEqual({
			repositories: ["app"],
			permissions: { contents: "read" },
		});
		expect(exchange?.headers.authorization).toMatch(/^Bearer eyJ/);
		expect(read?.headers.authorization).toMatch(/^Bearer ghs_/);
	});

	it("asks again a minute before the token expires", async () => {
		// The plugin signs by the machine's clock, so that one has to move, too.
		vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2030, 0, 1) });
		try {
			await readAgain();
			vi.setSystemTime(Date.UTC(2030, 0, 1, 0, 58, 59));
			await readAgain();
			expect(urls()).toEqual([EXCHANGE, READ, READ]);
			vi.setSystemTime(Date.UTC(2030, 0, 1, 0, 59));
			expect(await readAgain()).toMatchObject({ kind: "modified", bytes: BODY });
			expect(urls()).toEqual([EXCHANGE, READ, READ, EXCHANGE, READ]);
		} finally {
			vi.useRealTimers();
		}
	});

	it("a clock that is far off gets no token, and says that it may be the clock", async () => {
		await restart(undefined, () => Date.now() + 3_600_000);
		expect((await stage.failure()).message).toContain("clock");
	});

	it("asks for a new token after one was refused", async () => {
		await readAgain();
		stage.server.revoke(String(stage.server.requests[1]?.headers.authorization).replace("Bearer ", ""));
		await expect(readAgain()).rejects.toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: true });
		expect(await readAgain()).toMatchObject({ kind: "modified", bytes: BODY });
		expect(urls()).toEqual([EXCHANGE, READ, READ, EXCHANGE, READ]);
	});

	it.each([
		["PKCS#1", APP.privateKey],
		["PKCS#8", pem(KEYS.privateKey, "pkcs8")],
		["one line with \\n", APP.privateKey.replaceAll("\n", "\\n")],
		["CRLF", APP.privateKey.replaceAll("\n", "\r\n")],
		["trimmed", APP.privateKey.trim()],
	])("takes a key in the form %s", async (_, privateKey) => {
		expect(await stage.read({ app: { ...APP, privateKey } })).toMatchObject({ bytes: BODY });
	});

	it("another App's key or number names the variables for them", async () => {
		const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
		for (const app of [
			{ ...APP, privateKey: pem(stranger, "pkcs8") },
			{ ...APP, id: 12346 },
		]) {
			const error = await stage.failure({ app });
			expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
			expect(error.message).toMatch(/401.*CLEF_AGENT_VCS_APP_ID.*CLEF_AGENT_VCS_APP_PRIVATE_KEY.*clock/);
			expect(printed(error)).not.toMatch(/eyJ|PRIVATE KEY-/);
		}
	});

	it("a wrong installation names CLEF_AGENT_VCS_APP_INSTALLATION_ID", async () => {
		const error = await stage.failure({ app: { ...APP, installationId: 101 } });
		expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
		expect(error.message).toMatch(/404.*CLEF_AGENT_VCS_APP_INSTALLATION_ID/);
	});

	it("a repository outside the installation, or no permission, names the repository and the permission", async () => {
		stage.server.repositories.add("acme/hidden");
		const outside = await stage.failure({ app: APP, repo: "acme/hidden" });
		expect(outside).toMatchObject({ code: "SOURCE_UNAUTHORIZED" });
		expect(outside.message).toMatch(/422.*CLEF_AGENT_VCS_REPO.*Contents: read/);
		await restart({ ...REGISTRATION, permissions: { metadata: "read" } });
		expect((await stage.failure()).message).toContain("Contents: read");
	});

	it("a suspended installation says so", async () => {
		await restart({ ...REGISTRATION, suspended: true });
		const error = await stage.failure();
		expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED" });
		expect(error.message).toMatch(/403.*suspended/);
	});

	it("T22 honours the limits of the exchange, too", async () => {
		stage.server.respondWith(
			behaviours.status(403, { "retry-after": "9" }),
			behaviours.status(429),
			behaviours.status(502),
		);
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 9000 });
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 60_000 });
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
	});

	it("T20 never sends a signature where a redirect points", async () => {
		for (const status of [301, 307, 308]) {
			stage.server.respondWith(behaviours.redirect("https://elsewhere.example/", status));
			expect(await stage.failure()).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED" });
		}
		expect(stage.server.requests).toHaveLength(3);
	});

	it.each([
		["no JSON", "<html>"],
		["no object", "null"],
		["no token", '{"expires_at":"2999-01-01T00:00:00Z"}'],
		["a token no header can carry", '{"token":"a\\nb","expires_at":"2999-01-01T00:00:00Z"}'],
		["no time", '{"token":"ghs_abc"}'],
	])("T21 refuses an exchange that answers %s", async (_, body) => {
		stage.server.respondWith(behaviours.status(201, {}, body));
		const error = await stage.failure();
		expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
		expect(printed(error)).not.toContain("ghs_abc");
		expect(stage.server.requests).toHaveLength(1);
	});

	it("T17 reads no more of an exchange than a token needs", async () => {
		stage.server.respondWith(behaviours.gzipBomb(8));
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		stage.server.respondWith(behaviours.status(201, {}, Buffer.alloc(2_000_000, " ")));
		expect(await stage.failure()).toMatchObject({ code: "SOURCE_TOO_LARGE" });
	});

	it("keeps two Apps with the same installation number at two hosts apart, though they ask at once", async () => {
		const other = await openApp(Buffer.from("other"));
		try {
			const [ours, theirs] = await Promise.all([stage.read(), other.read()]);
			expect(ours).toMatchObject({ bytes: BODY });
			expect(theirs).toMatchObject({ bytes: Buffer.from("other") });
			expect(other.server.requests).toHaveLength(2);
		} finally {
			await other.close();
		}
	});

	it.each([
		["CLEF_AGENT_VCS_APP_ID", { id: "12x" }],
		["CLEF_AGENT_VCS_APP_ID", { id: 0 }],
		["CLEF_AGENT_VCS_APP_INSTALLATION_ID", { installationId: "" }],
		["CLEF_AGENT_VCS_APP_INSTALLATION_ID", { installationId: 1.5 }],
		["CLEF_AGENT_VCS_APP_PRIVATE_KEY", { privateKey: "" }],
		["CLEF_AGENT_VCS_APP_PRIVATE_KEY", { privateKey: "-----BEGIN RSA PRIVATE KEY-----" }],
		["CLEF_AGENT_VCS_APP_PRIVATE_KEY", { privateKey: REGISTRATION.publicKey }],
		[
			"CLEF_AGENT_VCS_APP_PRIVATE_KEY",
			{ privateKey: pem(generateKeyPairSync("ed25519").privateKey, "pkcs8") },
		],
	])("refuses what cannot be one at once, naming %s", (variable, wrong) => {
		const make = () => createSource({ ...PLACE, app: { ...APP, ...wrong } });
		expect(make).toThrow(expect.objectContaining({ code: "SOURCE_UNAUTHORIZED" }));
		expect(make).toThrow(variable);
	});
});
