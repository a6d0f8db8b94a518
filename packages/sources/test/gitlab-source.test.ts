import { type GitlabServer, startGitlab, throttled } from "@clef-sh/testkit/gitlab-server";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { describeSourceConformance, type Stage } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it } from "vitest";
import { createSource } from "../src/index.js";
import { BODY, live, OPTIONS, PATH, RAW, TOKEN, useGitlab } from "./gitlab-instance.js";

const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };

interface GitlabStage extends Stage {
	readonly server: GitlabServer;
	readonly timers: HandFiredTimers;

	/** The origin the next request goes to instead, when set. */
	detour: string | undefined;
}

async function openStage(bytes: Uint8Array): Promise<GitlabStage> {
	const server = await startGitlab({ tokens: { [TOKEN]: { kind: "access" } } });
	server.commit(PATH, bytes);
	const timers = new HandFiredTimers();
	const source = createSource(
		{ ...OPTIONS, apiUrl: server.url, maxBytes: 1000, timeouts: TIMEOUTS },
		{
			timers,
			fetch: (input, init) => fetch(String(input).replace(server.url, stage.detour ?? server.url), init),
		},
	);
	const secrets = [TOKEN, "s3cret", "s1gned", "?"];
	const stage: GitlabStage = { source, secrets, server, timers, detour: undefined, close: server.close };
	return stage;
}

describeSourceConformance<GitlabStage>("gitlab", {
	open: openStage,
	hold: (stage, bytes) => {
		stage.detour = undefined;
		stage.server.setToken(TOKEN, { kind: "access" });
		stage.server.recover();
		stage.server.commit(PATH, bytes);
	},
	faults: {
		notFound: ({ server }) => server.remove(PATH),
		unauthorized: ({ server }) => server.setToken(TOKEN, undefined),
		rateLimited: ({ server }) => server.respondWith(throttled({ "retry-after": "7" })),
		failing: ({ server }) => server.respondWith(behaviours.status(503)),
		unreachable: async (stage) => {
			stage.detour = await deadOrigin();
		},
		timeout: ({ server, timers }) => {
			server.respondWith(behaviours.silence());
			const set = timers.nextSet(TIMEOUTS.headersMs);
			return () => set.then(() => timers.fire(TIMEOUTS.headersMs));
		},
		tooLarge: ({ server }) => server.commit(PATH, Buffer.alloc(1001)),
		redirected: ({ server }) =>
			server.respondWith(behaviours.redirect("http://169.254.169.254/latest/?s1gned")),
		cutShort: ({ server }) => server.respondWith(behaviours.cutShort('{"version":')),
		wrongContent: ({ server }) => server.respondWith(behaviours.html()),
	},
});

describe("GitlabSource asks", () => {
	const gitlab = useGitlab();

	it("for exactly the file, once, with the token and saying who it is", async () => {
		await gitlab.read();
		expect(gitlab.server.requests).toHaveLength(1);
		expect(gitlab.server.requests[0]).toMatchObject({ method: "GET", url: RAW, body: "" });
		expect(gitlab.server.requests[0]?.headers).toMatchObject({
			"private-token": TOKEN,
			"cache-control": "no-cache",
			"user-agent": "clef-agent",
		});
		expect(gitlab.server.requests[0]?.headers).not.toHaveProperty("authorization");
	});

	it("one small question without a body while nothing changes", async () => {
		const first = await gitlab.read();
		if (first.kind !== "modified") throw new Error("The first read must be modified.");
		expect(first.validator?.etag).toMatch(/^[0-9a-f]{40}$/);
		for (let poll = 0; poll < 3; poll++) {
			expect(await gitlab.read(first.validator)).toEqual({ kind: "unmodified" });
		}
		const [whole, ...polls] = gitlab.server.requests;
		expect(whole?.responseBytes).toBe(BODY.length);
		expect(polls.map(({ method, url }) => [method, url])).toEqual(Array(3).fill(["HEAD", RAW]));
		expect(polls.map(({ responseBytes }) => responseBytes)).toEqual([0, 0, 0]);
	});

	it("for the file once more only when its content changed, whatever else is committed", async () => {
		const { validator } = Object(await gitlab.read());
		gitlab.server.commit("README.md", Buffer.from("unrelated"));
		gitlab.server.commit(PATH, BODY);
		expect(await gitlab.read(validator)).toEqual({ kind: "unmodified" });
		gitlab.server.commit(PATH, Buffer.from("{}"));
		expect(await gitlab.read(validator)).toMatchObject({ kind: "modified", bytes: Buffer.from("{}") });
		expect(gitlab.methods()).toEqual(["GET", "HEAD", "HEAD", "GET"]);
	});

	it.each<[string, Record<string, string>, Parameters<GitlabServer["setToken"]>[1]]>([
		["OAuth", { authorization: `Bearer ${"5e".repeat(32)}` }, { kind: "oauth" }],
		["job", { "job-token": "glcbt-64_s3cret" }, { kind: "job" }],
		["least-privileged", { "private-token": TOKEN }, { kind: "access", scopes: ["read_repository"] }],
	])("with every kind of token: %s, for the id as for the file", async (_, header, meaning) => {
		const token = String(Object.values(header)[0]).replace("Bearer ", "");
		gitlab.server.setToken(token, meaning);
		const { validator } = Object(await gitlab.read(undefined, { token }));
		expect(await gitlab.read(validator, { token })).toEqual({ kind: "unmodified" });
		expect(gitlab.server.requests.map(({ headers }) => headers)).toMatchObject([header, header]);
	});

	it("for a branch, which may have any name", async () => {
		const ref = "release/1 ü&ref=main#?";
		gitlab.server.commit(PATH, Buffer.from("on the branch"), ref);
		expect(await gitlab.read(undefined, { ref })).toMatchObject({ bytes: Buffer.from("on the branch") });
		expect(await gitlab.read()).toMatchObject({ bytes: BODY });
	});

	it("for a project by its id, and for a public one without a token", async () => {
		const open = await startGitlab({ isPublic: true });
		try {
			open.commit(PATH, BODY);
			const { token: _, ...anybody } = OPTIONS;
			const options = { ...anybody, apiUrl: open.url, repo: "81" };
			expect(await createSource(options).read(undefined, live())).toMatchObject({ bytes: BODY });
			for (const name of ["private-token", "authorization", "job-token"])
				expect(open.requests[0]?.headers).not.toHaveProperty(name);
		} finally {
			await open.close();
		}
	});

	it.each(["", "/", "/api/v4", "/api/v4/"])(
		"an instance below a path, whose API URL ends in %j",
		async (ending) => {
			const below = await startGitlab({ prefix: "/git/lab", tokens: { [TOKEN]: { kind: "access" } } });
			try {
				below.commit(PATH, BODY);
				const result = await createSource({ ...OPTIONS, apiUrl: below.url + ending }).read(undefined, live());
				expect(result).toMatchObject({ kind: "modified", bytes: BODY });
			} finally {
				await below.close();
			}
		},
	);
});

describe("GitlabSource and a project that has moved", () => {
	const gitlab = useGitlab();

	const movable = () =>
		gitlab.source({ apiUrl: "https://gitlab.test" }, async (input, init) => {
			const url = String(input).replace("https://gitlab.test", gitlab.server.url);
			const response = await fetch(url, init);
			const location = response.headers.get("location")?.replace(/^https:\/\/[^/]+/, "https://gitlab.test");
			return location ? new Response(null, { status: response.status, headers: { location } }) : response;
		});

	it("is followed inside the origin, though each poll costs the body then", async () => {
		gitlab.server.move("acme/elsewhere/secrets");
		const { validator, bytes } = Object(await movable().read(undefined, live()));
		expect(bytes).toEqual(BODY);
		expect(gitlab.server.requests[1]).toMatchObject({
			url: RAW.replace("acme%2Fplatform%2Fsecrets", "81"),
			headers: { "private-token": TOKEN },
		});
		expect(await movable().read(validator, live())).toMatchObject({ kind: "modified", bytes: BODY });
		expect(gitlab.methods().slice(2)).toEqual(["HEAD", "GET", "GET"]);
	});

	it("T20 is not followed over plain http or to another origin", async () => {
		gitlab.server.move("acme/elsewhere/secrets");
		expect(await gitlab.failure()).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED", retryable: false });
		expect(gitlab.server.requests).toHaveLength(1);
	});
});
