import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
	createSource,
	DEFAULT_MAX_BYTES,
	type Source,
	SourceError,
	type SourceOptions,
} from "../src/index.js";

describe("createSource", () => {
	it.each([
		[{ kind: "file", path: "/a/b.json" }, "file", "/a/b.json"],
		[{ kind: "file", path: "file:///a/b%20c.json" }, "file", "/a/b c.json"],
		[
			{ kind: "http", url: "https://u:p@host.example:8443/a/b?c=d#e" },
			"http",
			"https://host.example:8443/a/b",
		],
		[{ kind: "inline", bytes: "{}" }, "inline", "inline"],
	] satisfies [SourceOptions, string, string][])("makes %j", (options, type, description) => {
		expect(createSource(options)).toMatchObject({ type, description });
	});

	it("watches files and nothing else", () => {
		expect(createSource({ kind: "file", path: "a" }).watch).toBeTypeOf("function");
		expect(createSource({ kind: "http", url: "https://host.example" }).watch).toBeUndefined();
		expect(createSource({ kind: "inline", bytes: "" }).watch).toBeUndefined();
	});

	it("refuses a file URL that names no path", () => {
		expect(() => createSource({ kind: "file", path: "file://host/a" })).toThrow(SourceError);
	});

	it("works with the system's own network, timers and clock, capped at 16 MiB", async () => {
		const server = await startServer(behaviours.ok(Buffer.alloc(DEFAULT_MAX_BYTES)));
		try {
			const source = createSource({ kind: "http", url: server.url });
			const result = await source.read(undefined, new AbortController().signal);
			expect(result.kind === "modified" && result.bytes.length).toBe(DEFAULT_MAX_BYTES);
			server.respondWith(behaviours.endless());
			const error = await source.read(undefined, new AbortController().signal).catch((e: unknown) => e);
			expect(error).toMatchObject({ code: "SOURCE_TOO_LARGE" });
			server.respondWith(behaviours.silence());
			const hasty = createSource({ kind: "http", url: server.url, timeouts: { headersMs: 1 } });
			const late = await hasty.read(undefined, new AbortController().signal).catch((e: unknown) => e);
			expect(late).toMatchObject({ code: "SOURCE_TIMEOUT" });
		} finally {
			await server.close();
		}
	});

	it("has types that allow only what exists", () => {
		expectTypeOf(createSource).returns.toEqualTypeOf<Source>();
		// @ts-expect-error an http source needs a URL
		const nowhere: SourceOptions = { kind: "http" };
		// @ts-expect-error only http sources have tokens
		const misplaced: SourceOptions = { kind: "file", path: "a", token: "b" };
		expect([nowhere, misplaced]).toHaveLength(2);
	});
});
