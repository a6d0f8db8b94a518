import { beforeAll, expect, it } from "vitest";
import { routeOf, type ServedRequest } from "../../src/node/served-request.js";
import { FakeAgent, secretsOf } from "../fake-agent.js";
import { TOKEN } from "../requests.js";
import { gate, until } from "../waiting.js";
import { serveAgent } from "./listening.js";
import { dial, exchangeOne } from "./raw-client.js";

let secrets: Awaited<ReturnType<typeof secretsOf>>;
beforeAll(async () => {
	secrets = await secretsOf({ KEY: "value" });
});

/** What a request tells, asked at once. */
function seen({ durationMs, method, route, startedAt, status, traceparent, tracestate }: ServedRequest) {
	return { durationMs, method, route, startedAt, status, traceparent, tracestate };
}

async function watched() {
	const requests: ReturnType<typeof seen>[] = [];
	const agent = new FakeAgent(secrets);
	const { port } = await serveAgent(agent, {}, (request) => requests.push(seen(request)));
	const get = async (path: string, headers = {}) => {
		const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
		await answer.arrayBuffer();
	};
	return { agent, get, port, requests };
}

it.each([
	["/v1/health", "/v1/health"],
	["/v1/secrets?format=flat&token=x", "/v1/secrets"],
	["/v1/secrets/DB_URL", "/v1/secrets/:key"],
	["/v1/secrets/a%2Fb?x=1", "/v1/secrets/:key"],
	["/v1/secrets/database/DB_URL", "/v1/secrets/:namespace/:key"],
	["/v1/metrics", "/v1/metrics"],
	["/v1/secrets/a/b/c", undefined],
	["/v1/secretsX", undefined],
	["/", undefined],
	["", undefined],
])("%s is the route %s", (target, route) => {
	expect(routeOf(target)).toBe(route);
});

it("tells of each answer how it went, and of no name or query", async () => {
	const { get, requests } = await watched();
	const authorization = `Bearer ${TOKEN}`;
	await get("/v1/secrets/KEY?x=1", { authorization, traceparent: "00-abc", tracestate: "a=b" });
	await get("/v1/secrets");
	await get("/nowhere/secret-name");
	await until(() => requests.length === 3);
	expect(requests).toEqual([
		{
			route: "/v1/secrets/:key",
			method: "GET",
			status: 200,
			startedAt: expect.any(Number),
			durationMs: expect.any(Number),
			traceparent: "00-abc",
			tracestate: "a=b",
		},
		expect.objectContaining({ route: "/v1/secrets", status: 401 }),
		expect.objectContaining({ route: undefined, status: 404 }),
	]);
	for (const { durationMs, startedAt } of requests) {
		expect(durationMs).toBeGreaterThanOrEqual(0);
		expect(Math.abs(Date.now() - startedAt)).toBeLessThan(60_000);
	}
});

it("L28 tells of a request that was refused before any routing", async () => {
	const { port, requests } = await watched();
	await exchangeOne(port, "GET /v1/secrets HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
	await until(() => requests.length === 1);
	expect(requests).toMatchObject([{ route: "/v1/secrets", method: "GET", status: 403 }]);
});

it("tells nothing of a client that left before its answer began", async () => {
	const { agent, get, port, requests } = await watched();
	const opening = gate();
	agent.gate = opening.opened;
	const client = await dial(port);
	client.write(`GET /v1/secrets HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
	await until(() => agent.opens === 1);
	client.destroy();
	await get("/v1/health");
	opening.open();
	await get("/v1/health");
	await until(() => requests.length === 2);
	expect(requests.map(({ route }) => route)).toEqual(["/v1/health", "/v1/health"]);
});
