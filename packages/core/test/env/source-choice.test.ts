import { describe, expect, it } from "vitest";
import { Reading } from "../../src/env/reading.js";
import { chooseSource } from "../../src/env/source-choice.js";
import { files, type Variables } from "./environment.js";

const REPOSITORY: Variables = {
	CLEF_AGENT_VCS_PROVIDER: "gitlab",
	CLEF_AGENT_VCS_REPO: "group/app",
	CLEF_AGENT_VCS_TOKEN: "glpat-x",
	CLEF_AGENT_VCS_IDENTITY: "api",
	CLEF_AGENT_VCS_ENVIRONMENT: "production",
};

function choose(env: Variables, readFile = files()) {
	const reading = new Reading(env, readFile);
	return { source: chooseSource(reading, async (path) => readFile(path)), problems: reading.problems };
}

describe("chooseSource", () => {
	it.each([
		["/srv/api.age.json", { kind: "file", path: "/srv/api.age.json" }],
		["file:///srv/api.age.json", { kind: "file", path: "/srv/api.age.json" }],
		["https://example.org/api.age.json", { kind: "http", url: "https://example.org/api.age.json" }],
		["http://127.0.0.1:8080/a", { kind: "http", url: "http://127.0.0.1:8080/a" }],
	])("takes %s", (location, source) => {
		expect(choose({ CLEF_AGENT_SOURCE: location })).toEqual({ source, problems: [] });
	});

	it("takes the place from a file, as it may be a presigned URL", () => {
		const { source } = choose(
			{ CLEF_AGENT_SOURCE_FILE: "/run/url" },
			files({ "/run/url": "https://example.org/a?sig=x\n" }),
		);
		expect(source).toEqual({ kind: "http", url: "https://example.org/a?sig=x" });
	});

	it("adds the token and the cap", () => {
		const { source } = choose({
			CLEF_AGENT_SOURCE: "https://example.org/a",
			CLEF_AGENT_SOURCE_TOKEN: "abc",
			CLEF_AGENT_MAX_ARTIFACT_BYTES: "2048",
		});
		expect(source).toEqual({ kind: "http", url: "https://example.org/a", token: "abc", maxBytes: 2048 });
	});

	it.each<[string, Variables, RegExp]>([
		["no source at all", {}, /^CLEF_AGENT_SOURCE is not set/],
		["an empty source", { CLEF_AGENT_SOURCE: "" }, /^CLEF_AGENT_SOURCE is not set/],
		[
			"a token for S3",
			{ CLEF_AGENT_SOURCE: "s3://bucket/key", CLEF_AGENT_SOURCE_TOKEN: "t" },
			/TOKEN is set, but .* not an http/,
		],
		[
			"the wrong token for a repository",
			{ ...REPOSITORY, CLEF_AGENT_SOURCE_TOKEN: "t" },
			/^CLEF_AGENT_SOURCE_TOKEN is for an http\(s\) source; .* CLEF_AGENT_VCS_TOKEN\.$/,
		],
		[
			"userinfo beside a token",
			{ CLEF_AGENT_SOURCE: "https://u:p@example.org", CLEF_AGENT_SOURCE_TOKEN: "t" },
			/^CLEF_AGENT_SOURCE is not usable: .*give one of them\.$/,
		],
		["another scheme", { CLEF_AGENT_SOURCE: "ftp://example.org/a" }, /^CLEF_AGENT_SOURCE is not usable: /],
		[
			"two sources",
			{ CLEF_AGENT_SOURCE: "/a", CLEF_AGENT_VCS_REPO: "org/repo" },
			/CLEF_AGENT_SOURCE and CLEF_AGENT_VCS_\* are both set/,
		],
		[
			"a token for a file",
			{ CLEF_AGENT_SOURCE: "/a", CLEF_AGENT_SOURCE_TOKEN: "t" },
			/TOKEN is set, but .* not an http/,
		],
		[
			"a token with a line break",
			{ CLEF_AGENT_SOURCE: "https://example.org", CLEF_AGENT_SOURCE_TOKEN: "a\r\nb" },
			/^CLEF_AGENT_SOURCE_TOKEN must be visible ASCII/,
		],
		[
			"too small a cap",
			{ CLEF_AGENT_SOURCE: "/a", CLEF_AGENT_MAX_ARTIFACT_BYTES: "1023" },
			/from 1024 to 268435456/,
		],
	])("reports %s", (_, env, problem) => {
		expect(choose(env).problems).toEqual([expect.stringMatching(problem)]);
	});

	it("takes a repository, with the cap", () => {
		expect(choose({ ...REPOSITORY, CLEF_AGENT_MAX_ARTIFACT_BYTES: "2048" })).toEqual({
			source: {
				kind: "gitlab",
				repo: "group/app",
				identity: "api",
				environment: "production",
				token: "glpat-x",
				maxBytes: 2048,
			},
			problems: [],
		});
	});

	it("takes an object in S3, with the cap", () => {
		const env = { CLEF_AGENT_SOURCE: "s3://bucket/key", CLEF_AGENT_MAX_ARTIFACT_BYTES: "2048" };
		expect(choose(env)).toMatchObject({ source: { kind: "s3", maxBytes: 2048 }, problems: [] });
	});
});
