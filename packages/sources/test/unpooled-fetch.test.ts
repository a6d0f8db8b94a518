import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { expect, it, onTestFinished } from "vitest";
import { createSource, unpooled } from "../src/index.js";

it("D40 leaves no connection open between two reads", async () => {
	const server = await startServer(behaviours.ok("artifact"));
	onTestFinished(() => server.close());
	const source = createSource({ kind: "http", url: server.url }, { fetch: unpooled(fetch) });
	const { signal } = new AbortController();
	await source.read(undefined, signal);
	await source.read(undefined, signal);
	expect(server.requests.map(({ headers }) => headers.connection)).toEqual(["close", "close"]);
});

it("keeps the headers, the method and the body that were given", async () => {
	const server = await startServer(behaviours.ok("artifact"));
	onTestFinished(() => server.close());
	await unpooled(fetch)(server.url, { method: "POST", headers: { "x-one": "1" }, body: "sent" });
	expect(server.requests).toMatchObject([
		{ method: "POST", body: "sent", headers: { "x-one": "1", connection: "close" } },
	]);
});
