import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent } from "./command.js";
import {
	authorised,
	exchange,
	exchangeOne,
	exchangeText,
	type RawAnswer,
	requestText,
} from "./raw-request.js";
import { temporaryFolder } from "./temporary-folder.js";
import { MODES } from "./transport-stage.js";

const AUTH = `Authorization: Bearer ${TOKEN}`;
const NAMESPACE = Object.keys(vectorSecrets)[0] ?? "";
const KEY = Object.keys(vectorSecrets[NAMESPACE] ?? {})[0] ?? "";
const SECRET_PATHS = ["/v1/secrets", `/v1/secrets/${KEY}`, `/v1/secrets/${NAMESPACE}/${KEY}`, "/v1/keys"];
const STATUS_PATHS = ["/v1/health", "/v1/ready"];
const PATHS = [...SECRET_PATHS, ...STATUS_PATHS, "/nowhere", "/"];

/** A ready agent, in either mode, on a file. */
function ready(env: Readonly<Record<string, string>> = {}): Promise<AgentProcess> {
	const path = join(temporaryFolder(), "artifact.json");
	writeFileSync(path, vector("signed"));
	return AgentProcess.ready({
		CLEF_AGENT_SOURCE: path,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_LOG_LEVEL: "debug",
		...env,
	});
}

/** The one shape that every refusal has: JSON with a sentence and a code, nothing to cache, no banner, no secret. */
function expectRefusal(answer: RawAnswer, status: number, code: string): void {
	expect({ status: answer.status, ...JSON.parse(answer.body) }).toEqual({
		status,
		code,
		error: expect.stringMatching(/^[A-Z].*\.$/),
	});
	expect(answer.headers).toMatchObject({
		"cache-control": "no-store",
		"x-content-type-options": "nosniff",
		"content-type": "application/json",
	});
	expect(Object.keys(answer.headers)).not.toContain("server");
	expect(Object.keys(answer.headers)).not.toContain("x-powered-by");
	for (const name of Object.keys(answer.headers)) expect(name).not.toMatch(/^access-control-/);
}

/** Asserts that an honest client is served as before. */
async function expectServing(agent: AgentProcess): Promise<void> {
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect((await agent.get("/v1/health")).json()).toMatchObject({ status: "ok", state: "ready" });
}

describe.each(MODES)("%s", (_, ttl) => {
	const start = () => ready({ CLEF_AGENT_CACHE_TTL: ttl });

	it("L28 a host that is not ours, absent or named twice is refused on every path", async () => {
		const agent = await start();
		const { port } = agent;
		const wrong: readonly (readonly string[])[] = [
			[],
			["Host:"],
			["Host: localhost", "Host: localhost"],
			["Host: localhost", "hOST: evil.example"],
			["Host: evil.example", "Host: localhost"],
			...[
				"127.0.0.1.evil",
				"127.1",
				"0x7f000001",
				"2130706433",
				"0.0.0.0",
				"[::1]",
				"localhost.",
				"127.0.0.1.",
				"localhost:1",
				`localhost:${port}0`,
				`127.0.0.1:${port}.evil`,
				"user@localhost",
				"localhost,localhost",
			].map((host) => [`Host: ${host}`]),
		];
		const origins = ["http://localhost", `http://127.0.0.1:${port}`, "https://evil.example"];
		for (const path of PATHS) {
			for (const text of [
				...wrong.map((hosts) => requestText(`GET ${path} HTTP/1.1`, ...hosts, AUTH)),
				requestText(`GET ${path} HTTP/1.0`, AUTH),
				...origins.map((origin) => authorised(`GET ${origin}${path} HTTP/1.1`)),
			]) {
				expectRefusal(await exchangeOne(port, text), 403, "HOST_REFUSED");
			}
		}
		for (const host of ["localhost", "127.0.0.1", `LocalHost:${port}`, `127.0.0.1:${port}`]) {
			const answer = await exchangeOne(port, requestText("GET /v1/secrets HTTP/1.1", `Host: ${host}`, AUTH));
			expect(JSON.parse(answer.body)).toEqual(vectorSecrets);
		}
	});

	it("L29 whatever a web page can send is refused, and no header lets it read an answer", async () => {
		const agent = await start();
		const { port } = agent;
		for (const path of SECRET_PATHS) {
			for (const headers of [
				["Origin: https://evil.example"],
				["Origin: null"],
				["Origin:"],
				[`Origin: http://127.0.0.1:${port}`],
				["Sec-Fetch-Site: cross-site"],
				["Sec-Fetch-Site: same-site"],
				["Sec-Fetch-Site: CROSS-SITE"],
				["Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"],
			]) {
				const refused = await exchangeOne(port, authorised(`GET ${path} HTTP/1.1`, ...headers));
				expectRefusal(refused, 400, "BROWSER_REFUSED");
			}
		}
		for (const path of PATHS) {
			const preflight = authorised(
				`OPTIONS ${path} HTTP/1.1`,
				"Origin: https://evil.example",
				"Access-Control-Request-Method: GET",
				"Access-Control-Request-Headers: authorization",
				"Access-Control-Request-Private-Network: true",
			);
			expectRefusal(await exchangeOne(port, preflight), 405, "METHOD_NOT_ALLOWED");
			const form = `${authorised(
				`POST ${path} HTTP/1.1`,
				"Content-Type: application/x-www-form-urlencoded",
				"Content-Length: 9",
			)}_method=x`;
			expectRefusal(await exchangeOne(port, form), 405, "METHOD_NOT_ALLOWED");
		}
		await expectServing(agent);
	});

	it("L30 a request that a proxy passed on is refused on every secret endpoint", async () => {
		const agent = await start();
		const { port } = agent;
		for (const header of [
			"X-Forwarded-For: 10.0.0.1",
			"x-forwarded-for:",
			"Forwarded: for=10.0.0.1",
			"X-Real-IP: 10.0.0.1",
			"Via: 1.1 proxy",
			"VIA:",
		]) {
			for (const path of SECRET_PATHS) {
				const refused = await exchangeOne(port, authorised(`GET ${path} HTTP/1.1`, header));
				expectRefusal(refused, 400, "PROXY_REFUSED");
				const head = await exchangeText(port, authorised(`HEAD ${path} HTTP/1.1`, header));
				expect(head.toString()).toMatch(/^HTTP\/1\.1 400 .*\r\n\r\n$/s);
			}
			for (const path of STATUS_PATHS) {
				const answer = await exchangeOne(port, authorised(`GET ${path} HTTP/1.1`, header));
				expect(answer.status).toBe(200);
			}
		}
	});

	it("L33 every odd spelling of a path is a JSON refusal, and no way past the token", async () => {
		const agent = await start();
		for (const [target, status] of ODD_TARGETS) {
			const code = status === 404 ? "NOT_FOUND" : "REQUEST_MALFORMED";
			expectRefusal(await exchangeOne(agent.port, authorised(`GET ${target} HTTP/1.1`)), status, code);
			const bare = requestText(`GET ${target} HTTP/1.1`, "Host: localhost");
			const { status: bareStatus, body } = await exchangeOne(agent.port, bare);
			expect([400, 401, 404]).toContain(bareStatus);
			expect(JSON.parse(body)).toEqual({ error: expect.any(String), code: expect.any(String) });
		}
	});

	it("L33 HEAD tells no more than GET, and every other method is 405", async () => {
		const agent = await start();
		for (const path of PATHS) {
			const get = await exchangeOne(agent.port, authorised(`GET ${path} HTTP/1.1`));
			const head = await agent.ask("HEAD", path);
			expect([head.status, head.text]).toEqual([get.status, ""]);
			const anonymous = await fetch(agent.url + path, { method: "HEAD", headers: { connection: "close" } });
			expect(anonymous.status).toBe(SECRET_PATHS.includes(path) ? 401 : get.status);
			for (const method of [
				"OPTIONS",
				"TRACE",
				"POST",
				"PUT",
				"PATCH",
				"DELETE",
				"PROPFIND",
				"get",
				"BREW",
			]) {
				const answer = await exchangeOne(agent.port, authorised(`${method} ${path} HTTP/1.1`));
				expectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
				expect(answer.headers.allow).toBe("GET, HEAD");
				expect(answer.body).not.toContain(TOKEN);
			}
		}
	});
});

const ODD_TARGETS: readonly (readonly [string, 400 | 404])[] = [
	["/v1/secrets/%2e%2e/health", 400],
	["/v1/secrets/%2E./health", 400],
	["/v1/health/%2e%2e/secrets", 400],
	["/v1/health/../secrets", 400],
	["/v1/./secrets", 400],
	["/v1/health\\..\\secrets", 400],
	[`/v1/secrets/${KEY}%00`, 400],
	["/v1/secrets%00", 400],
	["/v1/secrets/%zz", 400],
	["/v1/secrets/%c3%28", 400],
	["/v1/secrets#fragment", 400],
	["/v1/secrets/caf\xe9", 400],
	["*", 400],
	["/v1/secrets/%252e%252e/health", 404],
	["/v1/health/%252e%252e/secrets", 404],
	[`/v1/secrets/${KEY}%2500`, 404],
	["/v1/health%2f..%2fsecrets", 404],
	["/v1%2fsecrets", 404],
	["//v1//secrets", 404],
	["//v1/secrets", 404],
	["/v1//secrets", 404],
	["//evil.example/v1/secrets", 404],
	["/V1/SECRETS", 404],
	["/v1/Secrets", 404],
	["/v1/%73ecrets", 404],
	["/v1/secrets;x=1", 404],
	["/v1/health/", 404],
	[`/v1/secrets/${KEY.toLowerCase()}-`, 404],
];

describe("L31 the token", () => {
	const asking = (...headers: readonly string[]) =>
		requestText("GET /v1/secrets HTTP/1.1", "Host: localhost", ...headers);

	it("L31 every prefix of the right one, and everything near it, is 401", async () => {
		const agent = await ready();
		const prefixes = Array.from({ length: TOKEN.length }, (_, length) => TOKEN.slice(0, length));
		for (const headers of [
			...prefixes.map((prefix) => [`Authorization: Bearer ${prefix}`]),
			[],
			["Authorization:"],
			[`Authorization: ${TOKEN}`],
			[AUTH, AUTH],
			[AUTH, "Authorization: Bearer wrong"],
			["Authorization: Bearer wrong", AUTH],
			[`Authorization: bearer ${TOKEN}`],
			[`Authorization: BEARER ${TOKEN}`],
			[`Authorization: Bearer  ${TOKEN}`],
			[`Authorization: Bearer\t${TOKEN}`],
			[`Authorization: Bearer ${TOKEN}, Bearer ${TOKEN}`],
			[`Authorization: Bearer "${TOKEN}"`],
			[`Authorization: Basic ${Buffer.from(`user:${TOKEN}`).toString("base64")}`],
			[`Authorization: Bearer ${TOKEN.toUpperCase()}`],
			[`${AUTH}\xff`],
			[`Cookie: token=${TOKEN}`],
			[`Proxy-Authorization: Bearer ${TOKEN}`],
		]) {
			const answer = await exchangeOne(agent.port, asking(...headers));
			expectRefusal(answer, 401, "UNAUTHORIZED");
			expect(answer.headers["www-authenticate"]).toBe("Bearer");
		}
		const inQuery = requestText(`GET /v1/secrets?token=${TOKEN} HTTP/1.1`, "Host: localhost");
		expectRefusal(await exchangeOne(agent.port, inQuery), 401, "UNAUTHORIZED");
		expect((await exchangeOne(agent.port, asking(AUTH))).status).toBe(200);
		// That none of it is in the log is asserted when the test ends.
		expect(agent.stderr).not.toContain(TOKEN.slice(0, -1));
	});

	it("L31 with a NUL byte or of 10 MB is refused, and neither is logged", async () => {
		const agent = await ready();
		for (const odd of [`${AUTH}\0`, `Authorization: Bearer \0${TOKEN}`, "Authorization: Bearer \0"]) {
			expectRefusal(await exchangeOne(agent.port, asking(odd)), 400, "REQUEST_MALFORMED");
		}
		const huge = asking(`Authorization: Bearer ${"huge-token".repeat(1_000_000)}`);
		// A client that is still sending may find the connection reset before it reads the answer.
		const answers = await exchange(agent.port, huge);
		expect([[], [431]]).toContainEqual(answers.map(({ status }) => status));
		expect(agent.stderr).not.toContain("huge-token");
		await expectServing(agent);
	});

	it("L31 cannot be given on the command line, where every user of the machine could read it", async () => {
		const told = await clefAgent(["run", "--token", TOKEN]);
		expect(told.status).toBe(1);
		expect(told.stdout + told.stderr).not.toContain(TOKEN);
	});
});
