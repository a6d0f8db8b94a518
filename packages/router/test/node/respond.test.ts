import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { createRouter } from "../../src/create-router.js";
import { listen } from "../../src/node/listen.js";
import { rememberRoutes } from "../../src/own-routes.js";
import { FakeAgent, secretsOf } from "../fake-agent.js";
import { TOKEN } from "../requests.js";

let secrets: Awaited<ReturnType<typeof secretsOf>>;

beforeAll(async () => {
	secrets = await secretsOf({ KEY: "value" });
});

/** Serves a router, and gives what it answers. */
async function serving(router: Hono): Promise<(path: string) => Promise<Response>> {
	const { port, close } = await listen(router, { port: 0 });
	onTestFinished(() => close(0));
	return (path) =>
		fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${TOKEN}`, "x-tag": "a" } });
}

const ownRouter = () => createRouter(new FakeAgent(secrets), { token: TOKEN });

it("gives whole requests to routes that somebody added, and passes their responses on", async () => {
	const router = ownRouter();
	router.get("/echo", (c) => {
		const { headers, signal } = c.req.raw;
		return c.json({ tag: c.req.header("X-Tag"), names: [...headers.keys()], isAborted: signal.aborted });
	});
	const get = await serving(router);
	expect(await (await get("/echo")).json()).toMatchObject({
		tag: "a",
		names: expect.arrayContaining(["host", "x-tag"]),
		isAborted: false,
	});
	expect(await (await get("/v1/secrets")).json()).toEqual({ KEY: "value" });
});

it("cuts the connection over a reply that Node refuses to write, and goes on", async () => {
	const router = new Hono();
	const replies = [{ "X-Broken": "a\nb" }, { "Content-Length": "0" }];
	rememberRoutes(router, { answer: () => ({ status: 200, headers: replies.shift() ?? {}, body: null }) });
	const get = await serving(router);
	await expect(get("/")).rejects.toThrow("fetch failed");
	expect((await get("/")).status).toBe(200);
});

it("runs middleware that somebody put around our routes", async () => {
	const outer = new Hono<{ Bindings: HttpBindings }>();
	outer.use(async (c, next) => {
		c.env.outgoing.setHeader("x-outer", c.req.path);
		await next();
	});
	outer.route("/", ownRouter());
	const response = await (await serving(outer as unknown as Hono))("/v1/secrets");
	expect(response.headers.get("x-outer")).toBe("/v1/secrets");
	expect(await response.json()).toEqual({ KEY: "value" });
});
