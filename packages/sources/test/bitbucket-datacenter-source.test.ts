import {
	type BitbucketDataCenterServer,
	startBitbucketDataCenterServer,
} from "@clef-sh/testkit/bitbucket-datacenter-server";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { behaviours } from "@clef-sh/testkit/servers";
import { describeSourceConformance, printed } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BitbucketSourceOptions } from "../src/bitbucket-source.js";
import { createSource, type Source } from "../src/index.js";
import {
	type BitbucketStage,
	failure,
	faults,
	hold,
	modified,
	openStage,
	PATH,
	SECRETS,
	TIMEOUTS,
	TOKEN,
} from "./bitbucket-stage.js";

const NAMES = { kind: "bitbucket", repo: "ACME/app", identity: "api", environment: "production" } as const;
const BODY = Buffer.from('{"version":1,"of":"Zürich"}');
const OTHER = Buffer.from('{"version":2}');
const COMMITS = /\/commits\?/;
const RAW = /\/raw\//;

describeSourceConformance<BitbucketStage<BitbucketDataCenterServer>>("bitbucket data center", {
	open: async (bytes) => {
		const place = await startBitbucketDataCenterServer();
		place.credentials.add(`Bearer ${TOKEN}`);
		return openStage(place, bytes, "ACME/app");
	},
	hold,
	faults: faults(),
});

describe("BitbucketDataCenterSource", () => {
	let place: BitbucketDataCenterServer;
	beforeEach(async () => {
		place = await opened(await startBitbucketDataCenterServer());
	});
	afterEach(() => place.server.close());

	async function opened(server: BitbucketDataCenterServer): Promise<BitbucketDataCenterServer> {
		server.credentials.add(`Bearer ${TOKEN}`);
		server.repository.commit({ [PATH]: BODY });
		return server;
	}
	const source = (options: Partial<BitbucketSourceOptions> = {}, timers?: HandFiredTimers) => {
		const whole = { ...NAMES, apiUrl: place.url, token: TOKEN, ...options };
		return createSource(whole, { now: () => Date.UTC(2030, 0, 1), ...(timers && { timers }) });
	};
	const poll = (of: Source, validator: object | undefined) =>
		of.read(validator, new AbortController().signal);
	const urls = () => place.server.requests.map(({ url }) => decodeURIComponent(url));

	it("says what it reads and where, never with what token", () => {
		const host = place.server.url.slice("http://".length);
		expect(source().description).toBe(`bitbucket ACME/app ${PATH} on ${host}`);
		expect(source({ ref: "a/b" }).description).toBe(`bitbucket ACME/app ${PATH} at a/b on ${host}`);
	});

	it("an unchanged poll is one small request, the first read two", async () => {
		const reader = source();
		const { bytes, validator } = await modified(reader);
		expect(Buffer.from(bytes)).toEqual(BODY);
		const base = "/rest/api/latest/projects/ACME/repos/app";
		const list = `${base}/commits?path=${PATH}&limit=1`;
		expect(urls()).toEqual([list, `${base}/raw/${PATH}?at=${place.repository.resolve("main")}`]);
		expect(await poll(reader, validator)).toEqual({ kind: "unmodified" });
		expect(urls().slice(2)).toEqual([list]);
		expect(place.exchanges.at(-1)?.responseBytes).toBeLessThan(500);
	});

	it("commits to other files, and a restart, cost one request too", async () => {
		const { validator } = await modified(source());
		place.repository.commit({ "README.md": OTHER });
		const stored = JSON.parse(JSON.stringify(validator)) as object;
		expect(await poll(source(), stored)).toEqual({ kind: "unmodified" });
		expect(place.server.requests).toHaveLength(3);
	});

	it("reads the body at the commit that it found, whatever is pushed in between", async () => {
		const before = place.repository.resolve("main");
		place.interpose(
			[
				(_request, response) => {
					place.repository.commit({ [PATH]: OTHER });
					place.behave();
					response.end(JSON.stringify({ values: [{ id: before }] }));
				},
			],
			COMMITS,
		);
		const { bytes, validator } = await modified(source());
		expect(Buffer.from(bytes)).toEqual(BODY);
		expect(Buffer.from((await modified(source(), validator)).bytes)).toEqual(OTHER);
	});

	it("follows the default branch of the moment", async () => {
		const reader = source();
		const { validator } = await modified(reader);
		place.repository.commit({ [PATH]: OTHER }, "trunk");
		place.repository.defaultBranch = "trunk";
		expect(Buffer.from((await modified(reader, validator)).bytes)).toEqual(OTHER);
	});

	it.each(["feature/a", "refs/heads/feature/a", "50%#&+"])("reads branch %s", async (ref) => {
		place.repository.commit({ [PATH]: OTHER }, ref.replace("refs/heads/", ""));
		expect(Buffer.from((await modified(source({ ref }))).bytes)).toEqual(OTHER);
	});

	it.each(["v1", "release/v1", "refs/tags/v1"])("reads tag %s", async (ref) => {
		place.repository.tags.set(ref.replace("refs/tags/", ""), place.repository.resolve("main") ?? "");
		place.repository.commit({ [PATH]: OTHER });
		expect(Buffer.from((await modified(source({ ref }))).bytes)).toEqual(BODY);
	});

	it.each([
		["ACME/app", "", ""],
		["ACME/app", "", "/"],
		["ACME/app", "", "/rest/api/latest"],
		["ACME/app", "/git/bitbucket", ""],
		["ACME/app", "/git/bitbucket", "/rest/api/1.0/"],
		["~j.doe/app", "/bitbucket", "/rest"],
	])("reads %s under %j, given the URL with %j", async (repo, contextPath, suffix) => {
		await place.server.close();
		place = await opened(await startBitbucketDataCenterServer({ contextPath, repo }));
		const { bytes } = await modified(source({ repo, apiUrl: `${place.url}${suffix}` }));
		expect(Buffer.from(bytes)).toEqual(BODY);
	});

	it("sends user:password as Basic", async () => {
		const token = "dev:pass:w0rd";
		place.credentials.add(`Basic ${Buffer.from(token).toString("base64")}`);
		expect(Buffer.from((await modified(source({ token }))).bytes)).toEqual(BODY);
	});

	describe("names what is wrong:", () => {
		it.each([
			["a missing repository", { repo: "ACME/gone" }, "CLEF_AGENT_VCS_REPO"],
			["a wrong branch", { ref: "gone" }, "check CLEF_AGENT_VCS_REF."],
			["a missing file", { environment: "gone" }, "CLEF_AGENT_VCS_ENVIRONMENT"],
		])("%s", async (_, options, variable) => {
			const error = await failure(source(options));
			expect(error).toMatchObject({ code: "SOURCE_NOT_FOUND", retryable: false });
			expect(error.message).toContain(variable);
		});

		it("a file whose path is not found, though the ref is", async () => {
			place.interpose([behaviours.status(404)], /\/commits\?path=/);
			expect((await failure(source())).message).toContain("CLEF_AGENT_VCS_IDENTITY");
		});

		it("an empty repository", async () => {
			place.repository.branches.clear();
			expect((await failure(source())).message).toContain("no default branch");
		});

		it("a deleted file", async () => {
			place.repository.commit({ [PATH]: null });
			const error = await failure(source());
			expect(error).toMatchObject({ code: "SOURCE_NOT_FOUND" });
			expect(error.message).toContain("CLEF_AGENT_VCS_IDENTITY");
		});

		it("a directory in place of the file", async () => {
			place.repository.commit({ [PATH]: null, [`${PATH}/inner`]: BODY });
			const error = await failure(source());
			expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
			expect(error.message).toContain("directory");
		});

		it("an LFS pointer", async () => {
			const pointer = Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
			place.repository.commit({ [PATH]: pointer });
			const error = await failure(source());
			expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
			expect(error.message).toContain("LFS");
		});

		it("T27 an expired token, and none", async () => {
			const reader = source();
			const { validator } = await modified(reader);
			place.credentials.clear();
			const expired = await failure(reader, validator);
			expect(expired).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
			expect(expired.message).toContain("CLEF_AGENT_VCS_TOKEN");
			for (const secret of SECRETS) expect(printed(expired)).not.toContain(secret);
			const anonymous = createSource({ ...NAMES, apiUrl: place.url });
			expect((await failure(anonymous)).message).toContain("needs a token");
		});

		it("a server that is no Bitbucket", async () => {
			place.interpose([behaviours.status(200, {}, "pong")]);
			expect((await failure(source())).message).toContain("CLEF_AGENT_VCS_API_URL");
			place.interpose([behaviours.status(200, {}, '{"values":[{"id":"../x"}]}')]);
			expect(await failure(source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
			place.interpose([behaviours.status(200, {}, "null")]);
			expect(await failure(source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		});
	});

	it("T17 T18 stops bombs and endless bodies, refuses short ones", async () => {
		for (const where of [COMMITS, RAW]) {
			place.interpose([behaviours.gzipBomb(2)], where);
			expect(await failure(source({ maxBytes: 1000 }))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
			place.interpose([behaviours.endless()], where);
			expect(await failure(source({ maxBytes: 1000 }))).toMatchObject({ code: "SOURCE_TOO_LARGE" });
			place.interpose([behaviours.lyingLength("{}", 50)], where);
			expect(await failure(source())).toMatchObject({ code: "SOURCE_UNREACHABLE" });
		}
	});

	it("T19 gives up on silence before, and in the middle of, a body", async () => {
		for (const where of [COMMITS, RAW]) {
			for (const behaviour of [behaviours.hangAfterHeaders(), behaviours.firstByte()]) {
				place.interpose([behaviour], where);
				const error = await failure(source({ timeouts: { idleMs: 20 } }));
				expect(error).toMatchObject({ code: "SOURCE_TIMEOUT" });
			}
		}
		place.interpose([behaviours.silence()]);
		const timers = new HandFiredTimers();
		const failed = failure(source({ timeouts: TIMEOUTS }, timers));
		timers.fire(TIMEOUTS.headersMs);
		expect(await failed).toMatchObject({ code: "SOURCE_TIMEOUT" });
	});

	it("T20 refuses redirects, such as one to a login page", async () => {
		for (const where of [COMMITS, RAW]) {
			place.interpose([behaviours.redirect("https://sso.example/login?s1gned")], where);
			const error = await failure(source());
			expect(error).toMatchObject({ code: "SOURCE_REDIRECT_REFUSED" });
			expect(printed(error)).not.toContain("s1gned");
		}
	});

	it.each([201, 203, 204, 206, 304])("T21 refuses status %i where nobody asked for it", async (status) => {
		const reader = source();
		const { validator } = await modified(reader);
		for (const where of [COMMITS, RAW]) {
			place.interpose([behaviours.status(status)], where);
			place.repository.commit({ [PATH]: Buffer.from(where.source) });
			expect(await failure(reader, validator)).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		}
	});

	it("T21 refuses an HTML page, even with status 200", async () => {
		for (const where of [COMMITS, RAW]) {
			place.interpose([behaviours.html()], where);
			expect(await failure(source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		}
	});

	it("T22 honours 429 with Retry-After, and with the bucket's headers alone", async () => {
		place.tokens = 1;
		const error = await failure(source());
		expect(error).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryable: true, retryAfterMs: 5_000 });
		place.retryAfter = undefined;
		expect(await failure(source())).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryAfterMs: 20_000 });
		place.interpose([behaviours.status(429, { "x-ratelimit-interval-seconds": "soon" })]);
		expect((await failure(source())).retryAfterMs).toBeUndefined();
	});

	it("T22 takes a 403 for missing access although every answer has Retry-After: 0", async () => {
		place.interpose([behaviours.status(403, { "retry-after": "0", "x-ratelimit-remaining": "0" })]);
		expect(await failure(source())).toMatchObject({ code: "SOURCE_UNAUTHORIZED" });
	});
});
