import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { describe, expect, it } from "vitest";
import { createSource } from "../src/index.js";

const ORIGIN = "https://artifacts.example";

interface Seen {
	readonly url: string;
	readonly authorization: string | null;
}

/** Reads `ORIGIN/start` against a fetch that redirects along these locations and then answers 200. */
async function follow(locations: readonly (string | null)[], status = 302) {
	const seen: Seen[] = [];
	let step = 0;
	const source = createSource(
		{ kind: "http", url: `${ORIGIN}/start?sig=s3cret`, token: "t0ken" },
		{
			fetch: async (input, init) => {
				seen.push({ url: String(input), authorization: new Headers(init?.headers).get("authorization") });
				expect(init?.redirect).toBe("manual");
				const location = locations[step++];
				if (location === undefined) return new Response("content");
				return new Response("moved", { status, headers: location === null ? {} : { location } });
			},
		},
	);
	const outcome = await source.read(undefined, new AbortController().signal).catch((error: unknown) => error);
	return { outcome, seen };
}

describe("redirects", () => {
	it.each([301, 302, 303, 307, 308])("follows %i inside the same https origin", async (status) => {
		const { outcome, seen } = await follow(["/other", "./third?x=1", `${ORIGIN}:443/last`], status);
		expect(outcome).toMatchObject({ kind: "modified" });
		expect(seen.map(({ url }) => url.slice(ORIGIN.length))).toEqual([
			"/start?sig=s3cret",
			"/other",
			"/third?x=1",
			"/last",
		]);
	});

	it.each([
		["a metadata address", "http://169.254.169.254/latest/meta-data/"],
		["a metadata address over https", "https://169.254.169.254/latest/"],
		["loopback", "https://127.0.0.1/"],
		["loopback by name", "https://localhost:7779/v1/secrets"],
		["a file", "file:///etc/passwd"],
		["data", "data:application/json,{}"],
		["https to http", "http://artifacts.example/start"],
		["https to http on port 443", "http://artifacts.example:443/start"],
		["another host", "https://evil.example/"],
		["another host, scheme-relative", "//evil.example/"],
		["a host that starts alike", "https://artifacts.example.evil.example/"],
		["a subdomain", "https://sub.artifacts.example/"],
		["another port", "https://artifacts.example:8443/"],
		["userinfo of its own", "https://us3r:pa55@artifacts.example/"],
		["userinfo that looks like the host", "https://artifacts.example@evil.example/"],
		["an address that is none", "https://[bad"],
	])("T20 refuses one to %s", async (_, location) => {
		const { outcome, seen } = await follow([location]);
		expect(outcome).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED", retryable: false });
		expect(seen).toEqual([{ url: `${ORIGIN}/start?sig=s3cret`, authorization: "Bearer t0ken" }]);
		expect(String(outcome)).not.toMatch(/s3cret|us3r|pa55|t0ken/);
	});

	it("T20 refuses a bad one after good ones", async () => {
		const { outcome, seen } = await follow(["/two", "https://evil.example/"]);
		expect(outcome).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED" });
		expect(seen).toHaveLength(2);
	});

	it("T20 follows five and refuses the sixth", async () => {
		expect((await follow(["/1", "/2", "/3", "/4", "/5"])).outcome).toMatchObject({ kind: "modified" });
		const { outcome, seen } = await follow(["/1", "/2", "/3", "/4", "/5", "/6"]);
		expect(outcome).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED" });
		expect(seen).toHaveLength(6);
	});

	it("refuses one that does not say where to", async () => {
		expect((await follow([null])).outcome).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
	});

	it("T20 sends nothing to the other side of a refused redirect over plain http", async () => {
		const [server, other] = await Promise.all([startServer(), startServer()]);
		try {
			for (const target of [`${other.url}/`, `${server.url}/elsewhere`]) {
				server.respondWith(behaviours.redirect(target));
				const source = createSource({ kind: "http", url: `${server.url}/a`, token: "t0ken" });
				const read = source.read(undefined, new AbortController().signal);
				await expect(read).rejects.toMatchObject({ code: "SOURCE_REDIRECT_REFUSED" });
			}
			expect(other.requests).toEqual([]);
			expect(server.requests.map(({ url }) => url)).toEqual(["/a", "/a"]);
		} finally {
			await Promise.all([server.close(), other.close()]);
		}
	});
});
