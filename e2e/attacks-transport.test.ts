import { join } from "node:path";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { sealArtifact, sealFields } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours } from "@clef-sh/testkit/servers";
import { describe, expect, it } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { itWith, part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startTlsServer } from "./tls-server.js";
import {
	expectUnharmed,
	fromNow,
	GOOD_SECRETS,
	goodArtifact,
	loggedSince,
	MODES,
	refused,
	startedServer,
	survives,
	transportStage,
} from "./transport-stage.js";

const MEBIBYTE = 1024 * 1024;
const itWithOpenssl = itWith(part("openssl", "version"));

const ZEROS = Buffer.alloc(32 * MEBIBYTE);
const FAST_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const encoded = (encoding: string, bytes: Uint8Array): Behaviour =>
	behaviours.status(200, { "content-encoding": encoding }, bytes);

const BOMBS: readonly Behaviour[] = [
	behaviours.gzipBomb(200),
	encoded("br", brotliCompressSync(ZEROS, FAST_BROTLI)),
	encoded("deflate", deflateSync(ZEROS, { level: 1 })),
	encoded("gzip, br", brotliCompressSync(gzipSync(ZEROS, { level: 1 }), FAST_BROTLI)),
];

describe.each(MODES)("%s: a bad answer costs nothing that was good", (_, ttl) => {
	const stageWith = (env: Readonly<Record<string, string>> = {}) =>
		transportStage({ CLEF_AGENT_CACHE_TTL: ttl, ...env });

	it("T17 a compressed bomb, by every encoding, is cut off at the cap", async () => {
		const stage = await stageWith({ CLEF_AGENT_MAX_ARTIFACT_BYTES: String(MEBIBYTE) });
		for (const bomb of BOMBS) {
			await survives(stage, bomb, "SOURCE_TOO_LARGE");
		}
	});

	it("T18 a body without end, with a false length or cut short is refused", async () => {
		const stage = await stageWith();
		const half = stage.bytes.subarray(0, stage.bytes.length >> 1);
		await survives(stage, behaviours.endless(), "SOURCE_TOO_LARGE");
		await survives(stage, behaviours.lyingLength(stage.bytes, 10 ** 15), "SOURCE_TOO_LARGE");
		await survives(stage, behaviours.lyingLength(stage.bytes, stage.bytes.length + 1), "SOURCE_UNREACHABLE");
		await survives(stage, behaviours.cutShort(half), "SOURCE_UNREACHABLE");
		await survives(stage, behaviours.noHttp(), "SOURCE_BAD_RESPONSE");
		await survives(stage, behaviours.brokenGzip(), "SOURCE_BAD_RESPONSE");
		// Whole as far as HTTP can tell, and so a matter of the artifact's own checks.
		const shorter = behaviours.lyingLength(stage.bytes, half.length);
		await survives(stage, shorter, "ARTIFACT_MALFORMED", "artifact.invalid");
		await survives(stage, behaviours.status(200, {}, half), "ARTIFACT_MALFORMED", "artifact.invalid");
		await survives(stage, behaviours.status(200, {}, ""), "ARTIFACT_MALFORMED", "artifact.invalid");
	});

	it("T20 a redirect to anywhere is refused, and nobody there is asked", async () => {
		const stage = await stageWith({ CLEF_AGENT_SOURCE_TOKEN: "source-token-not-for-logs" });
		const trap = await startedServer(stage.good);
		const { port } = new URL(trap.url);
		for (const target of [
			"http://169.254.169.254/latest/meta-data/iam/security-credentials/",
			"http://[fd00:ec2::254]/latest",
			`${trap.url}/artifact.json`,
			`http://localhost:${port}/`,
			`http://0x7f000001:${port}/`,
			`//127.0.0.1:${port}/`,
			`http://user:password@127.0.0.1:${port}/`,
			"file:///etc/passwd",
			"data:application/json,{}",
		]) {
			await survives(stage, behaviours.redirect(target), "SOURCE_REDIRECT_REFUSED");
		}
		for (const status of [301, 303, 307, 308]) {
			await survives(stage, behaviours.redirect(trap.url, status), "SOURCE_REDIRECT_REFUSED");
		}
		await survives(stage, behaviours.status(302), "SOURCE_BAD_RESPONSE");
		expect(trap.requests).toEqual([]);
		expect(stage.agent.stderr).not.toContain("source-token-not-for-logs");
	});

	it("T21 what is no artifact never overwrites the last good one, in memory or on disk", async () => {
		const stage = await stageWith({ CLEF_AGENT_CACHE_PATH: join(temporaryFolder(), "cache") });
		const { bytes } = stage;
		const page = "<!doctype html><title>Sign in</title>";
		const forged = { ...(await sealFields({ packedAt: fromNow(0), revision: "r2" })), identity: "other" };
		const reused = behaviours.ok(JSON.stringify(forged), { etag: null, headers: { etag: 'W/"1"' } });
		await survives(stage, behaviours.html(), "SOURCE_BAD_RESPONSE");
		await survives(stage, behaviours.status(200, {}, page), "ARTIFACT_MALFORMED", "artifact.invalid");
		await survives(stage, behaviours.status(200, {}, "null"), "ARTIFACT_MALFORMED", "artifact.invalid");
		await survives(stage, behaviours.partial(bytes), "SOURCE_BAD_RESPONSE");
		await survives(stage, behaviours.status(206, {}, bytes), "SOURCE_BAD_RESPONSE");
		for (const status of [201, 202, 203, 204, 300, 400, 418]) {
			await survives(stage, behaviours.status(status, {}, bytes), "SOURCE_BAD_RESPONSE");
		}
		await survives(stage, reused, "ARTIFACT_SIGNATURE_INVALID", "artifact.invalid");
		await stage.agent.stop();
		stage.server.respondWith(behaviours.status(503));
		await expectUnharmed(await AgentProcess.ready(stage.env));
	});

	it("T21 takes new content under an entity tag that was used before", async () => {
		const stage = await stageWith();
		const tag = { etag: null, headers: { etag: 'W/"always-the-same"' } };
		for (const [index, value] of ["first", "second"].entries()) {
			const packedAt = fromNow(index * 1_000 - 30_000);
			const next = await sealArtifact({ secrets: { KEY: value }, packedAt, revision: value });
			stage.server.respondWith(behaviours.ok(next, tag));
			stage.agent.signal("SIGHUP");
			await stage.agent.serves({ KEY: value });
		}
		expect(stage.server.requests.at(-1)?.headers["if-none-match"]).toBe('W/"always-the-same"');
	});

	it("T21 a 304 before anything was read loads nothing, and asks without a condition again", async () => {
		const server = await startedServer(behaviours.status(304));
		const agent = await AgentProcess.listening({
			CLEF_AGENT_SOURCE: server.url,
			CLEF_AGENT_CACHE_TTL: ttl,
		});
		await agent.logged("fetch.failed", { code: "SOURCE_BAD_RESPONSE" });
		expect((await agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "not_loaded" });
		server.respondWith(behaviours.ok(await goodArtifact()));
		await agent.serves(GOOD_SECRETS);
		expect(server.requests.map(({ headers }) => headers["if-none-match"]).filter(Boolean)).toEqual([]);
	});

	it("T27 userinfo and a presigned query stay out of the log, health and every answer", async () => {
		const server = await startedServer(behaviours.ok(await goodArtifact()));
		const secrets = [
			"ann-not-for-logs",
			"pass-not-for-logs",
			"signature-not-for-logs",
			"fragment-not-for-logs",
		];
		const [user, password, query, fragment] = secrets;
		const source = `${server.url.replace("//", `//${user}:${password}@`)}/a.json?X-Amz-Signature=${query}#${fragment}`;
		const agent = await AgentProcess.ready({
			CLEF_AGENT_SOURCE: source,
			CLEF_AGENT_CACHE_TTL: ttl,
			CLEF_AGENT_LOG_LEVEL: "debug",
		});
		const basic = Buffer.from(`${user}:${password}`).toString("base64");
		expect(server.requests[0]).toMatchObject({
			url: `/a.json?X-Amz-Signature=${query}`,
			headers: { authorization: `Basic ${basic}` },
		});
		for (const [bad, code] of [
			[behaviours.status(401, { "www-authenticate": `Basic realm="${query}"` }), "SOURCE_UNAUTHORIZED"],
			[behaviours.status(404), "SOURCE_NOT_FOUND"],
			[behaviours.status(500, {}, source), "SOURCE_UNREACHABLE"],
			[behaviours.redirect(`${source}&again`), "SOURCE_REDIRECT_REFUSED"],
			[behaviours.html(), "SOURCE_BAD_RESPONSE"],
			[behaviours.endless(), "SOURCE_TOO_LARGE"],
			[behaviours.cutShort("{"), "SOURCE_UNREACHABLE"],
			[behaviours.noHttp(), "SOURCE_BAD_RESPONSE"],
		] as const) {
			expect(await refused({ agent, server }, bad)).toMatchObject({ code });
		}
		const said = [
			agent.stderr,
			(await agent.get("/v1/health")).text,
			(await agent.get("/v1/ready")).text,
			(await agent.get("/v1/secrets/NONE")).text,
		].join("\n");
		for (const secret of [...secrets, basic, "X-Amz"]) expect(said).not.toContain(secret);
	});
});

itWithOpenssl(
	"T20 follows the same https origin only, with its token, and never to http or another port",
	async () => {
		const bytes = await goodArtifact();
		const trap = await startedServer(behaviours.ok(bytes));
		const asked: (string | undefined)[] = [];
		let target = "/moved.json";
		const place = await startTlsServer(["127.0.0.1"], (request, response) => {
			if (request.url === "/moved.json") {
				asked.push(request.headers.authorization);
				behaviours.ok(bytes)(request, response);
			} else behaviours.redirect(target)(request, response);
		});
		const agent = await AgentProcess.ready({
			CLEF_AGENT_SOURCE: `https://127.0.0.1:${place.port}/artifact.json`,
			CLEF_AGENT_SOURCE_TOKEN: "source-token-not-for-logs",
			CLEF_AGENT_LOG_LEVEL: "debug",
			NODE_EXTRA_CA_CERTS: place.authority,
		});
		expect(asked).toEqual(["Bearer source-token-not-for-logs"]);
		const { port } = new URL(trap.url);
		for (const bad of [
			`${trap.url}/moved.json`,
			`http://127.0.0.1:${place.port}/moved.json`,
			`https://127.0.0.1:${port}/moved.json`,
			`https://localhost:${place.port}/moved.json`,
			`https://user:password@127.0.0.1:${place.port}/moved.json`,
			"/round-and-round",
		]) {
			target = bad;
			const seen = agent.log.length;
			agent.signal("SIGHUP");
			expect(await loggedSince(agent, seen, "fetch.failed")).toMatchObject({
				code: "SOURCE_REDIRECT_REFUSED",
			});
			await expectUnharmed(agent);
		}
		expect(trap.requests).toEqual([]);
		expect(asked).toHaveLength(1);
		target = "/moved.json";
		agent.signal("SIGHUP");
		await eventually("the followed redirect", () => asked.length === 2);
	},
);
