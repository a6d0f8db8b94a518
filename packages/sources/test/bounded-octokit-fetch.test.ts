import { behaviours, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { throughOctokit } from "../src/bounded-octokit-fetch.js";

const TIMEOUTS = { headersMs: 10_000, idleMs: 10_000, totalMs: 10_000 };
const ENVIRONMENT = { fetch, timers: { setTimeout: () => () => undefined } };

describe("throughOctokit", () => {
	let server: TestServer;
	beforeEach(async () => {
		server = await startServer(behaviours.status(404, {}, "none"));
	});
	afterEach(() => server.close());
	const through = (call: Parameters<typeof throughOctokit>[0], signal = new AbortController().signal) =>
		throughOctokit(
			call,
			{ description: "it", maxBytes: 100, timeouts: TIMEOUTS, wantsBody: () => true },
			ENVIRONMENT,
			signal,
		);

	it("passes method, headers and body, and shows the head only", async () => {
		let seen: Response | undefined;
		const response = await through(async (send) => {
			seen = await send(server.url, { method: "POST", headers: { "x-a": "b" }, body: "body" });
		});
		expect(server.requests).toMatchObject([{ method: "POST", body: "body", headers: { "x-a": "b" } }]);
		expect(response).toMatchObject({ status: 404, bytes: Buffer.from("none") });
		expect(seen?.status).toBe(404);
		expect(await seen?.text()).toBe("");
	});

	it("resolves with what came, whatever the library makes of it", async () => {
		const response = await through(async (send) => {
			await send(server.url);
			throw new Error("404 - with the token");
		});
		expect(response.status).toBe(404);
	});

	it("rejects with what went wrong, not with what the library makes of it", async () => {
		await server.close();
		const failed = through(async (send) => void (await send(server.url).catch(() => undefined)));
		await expect(failed).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
		server = await startServer();
	});

	it("never shows the library the caller's reason", async () => {
		const reason = new DOMException("enough", "AbortError");
		let seen: unknown;
		const failed = through(async (send) => {
			seen = await send(server.url).catch((error: unknown) => error);
		}, AbortSignal.abort(reason));
		await expect(failed).rejects.toBe(reason);
		expect(seen).toMatchObject({ name: "SourceError" });
	});

	it("is a bad response when the library asks nothing, and quotes nothing of its error", async () => {
		const failed = through(async () => {
			throw new Error("s3cret");
		});
		await expect(failed).rejects.toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		await expect(failed).rejects.not.toThrow("s3cret");
	});
});
