import { throttled } from "@clef-sh/testkit/gitlab-server";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { behaviours } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it, vi } from "vitest";
import { createSource, type SourceResult } from "../src/index.js";
import { BODY, live, OPTIONS, PATH, TOKEN, useGitlab } from "./gitlab-instance.js";

const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };

const gitlab = useGitlab();

describe("T17 T18 T19 bounds", () => {
	it("T17 cuts a compressed bomb off at the cap", async () => {
		gitlab.server.respondWith(behaviours.gzipBomb(64));
		expect(await gitlab.failure(undefined, { maxBytes: 100_000 })).toMatchObject({
			code: "SOURCE_TOO_LARGE",
		});
	});

	it("T17 T18 bounds the body of a 404, too", async () => {
		gitlab.server.respondWith(behaviours.status(404, {}, Buffer.alloc(5000)));
		expect(await gitlab.failure(undefined, { maxBytes: 1000 })).toMatchObject({ code: "SOURCE_TOO_LARGE" });
	});

	it("T18 cuts an endless body off, and refuses one shorter than declared", async () => {
		gitlab.server.respondWith(behaviours.endless());
		expect(await gitlab.failure(undefined, { maxBytes: 100_000 })).toMatchObject({
			code: "SOURCE_TOO_LARGE",
		});
		gitlab.server.respondWith(behaviours.lyingLength('{"version":1}', 14));
		expect(await gitlab.failure()).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
	});

	it("T19 stops waiting for a body that does not come, and hangs up", async () => {
		const timers = new HandFiredTimers();
		const patient = createSource({ ...OPTIONS, apiUrl: gitlab.server.url, timeouts: TIMEOUTS }, { timers });
		gitlab.server.respondWith(behaviours.hangAfterHeaders());
		const [idle, hungUp] = [timers.nextSet(TIMEOUTS.idleMs), gitlab.server.nextHangUp()];
		const reading = patient.read(undefined, live()).catch((error: unknown) => error);
		await idle;
		timers.fire(TIMEOUTS.idleMs);
		expect(await reading).toMatchObject({ code: "SOURCE_TIMEOUT" });
		await hungUp;
		expect(timers.pending).toEqual([]);
	});

	it("T19 gives the two requests of a read one limit together", async () => {
		const timers = new HandFiredTimers();
		const patient = createSource({ ...OPTIONS, apiUrl: gitlab.server.url, timeouts: TIMEOUTS }, { timers });
		const changed = behaviours.status(200, { "x-gitlab-blob-id": "another" });
		gitlab.server.respondWith(changed, behaviours.hangAfterHeaders());
		const idle = timers.nextSet(TIMEOUTS.idleMs);
		const reading = patient.read({ etag: "one" }, live()).catch((error: unknown) => error);
		await idle;
		timers.fire(TIMEOUTS.totalMs);
		expect(await reading).toMatchObject({
			code: "SOURCE_TIMEOUT",
			message: expect.stringMatching(/ was not read within 103 ms\.$/),
		});
		expect(gitlab.methods()).toEqual(["HEAD", "GET"]);
		expect(timers.pending).toEqual([]);
	});

	it.each(["HEAD", "GET"])("an abort during the %s rejects with its reason and hangs up", async (method) => {
		const controller = new AbortController();
		const reason = new Error("enough");
		gitlab.server.respondWith(() => controller.abort(reason));
		const validator = method === "HEAD" ? { etag: "0" } : undefined;
		const hungUp = gitlab.server.nextHangUp();
		await expect(gitlab.source().read(validator, controller.signal)).rejects.toBe(reason);
		await hungUp;
		expect(gitlab.methods()).toEqual([method]);
	});
});

describe("T21 strange answers", () => {
	it("T21 takes a blob id only with the bytes it belongs to", async () => {
		const { validator: old } = Object(await gitlab.read());
		// Committed after the question for the id, before the one for the file.
		gitlab.server.respondWith(
			behaviours.status(200, { "x-gitlab-blob-id": "ab".repeat(20) }),
			(request, response) => {
				gitlab.server.commit(PATH, Buffer.from("newest"));
				gitlab.server.recover();
				response.writeHead(200, { "x-gitlab-blob-id": "cd".repeat(20) }).end("newest");
				expect(request.method).toBe("GET");
			},
		);
		expect(await gitlab.read(old)).toEqual({
			kind: "modified",
			bytes: Buffer.from("newest"),
			validator: { etag: "cd".repeat(20) },
		} satisfies SourceResult);
	});

	it("T21 asks for the file where the answer to HEAD has no id, and answers no validator then", async () => {
		gitlab.server.respondWith(behaviours.status(200, {}, BODY));
		expect(await gitlab.read({ etag: "ab".repeat(20) })).toEqual({ kind: "modified", bytes: BODY });
		expect(gitlab.methods()).toEqual(["HEAD", "GET"]);
	});

	it("T21 is not fooled by a login page, whichever request it answers", async () => {
		gitlab.server.respondWith(behaviours.html());
		for (const validator of [undefined, { etag: "ab".repeat(20) }]) {
			const error = await gitlab.failure(validator);
			expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
			expect(error.message).toContain("login");
		}
	});

	it.each([201, 204, 206, 304, 400, 405, 418])("T21 refuses status %i in place of 200", async (status) => {
		gitlab.server.respondWith(behaviours.status(status));
		expect(await gitlab.failure()).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
		expect(await gitlab.failure({ etag: "0" })).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});
});

it("prints nothing, whatever happens", async () => {
	const writes = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
	const logs = (["log", "warn", "error", "info", "debug"] as const).map((name) => vi.spyOn(console, name));
	await gitlab.read();
	gitlab.server.respondWith(throttled({ "retry-after": "1" }));
	await gitlab.failure();
	for (const spy of [...writes, ...logs]) {
		expect(spy).not.toHaveBeenCalled();
		spy.mockRestore();
	}
});

it("T27 quotes nothing of an error it does not know", async () => {
	const options = { ...OPTIONS, apiUrl: gitlab.server.url };
	const now = () => {
		throw new Error(`unexpected, with ${TOKEN}`);
	};
	gitlab.server.respondWith(behaviours.status(500));
	const error = await createSource(options, { now })
		.read(undefined, live())
		.catch((reason: unknown) => reason);
	expect(error).toMatchObject({ name: "SourceError", code: "SOURCE_BAD_RESPONSE", retryable: false });
	expect(printed(error)).not.toContain("s3cret");
});
