import { describe, expect, it } from "vitest";
import { Reading } from "../../src/env/reading.js";
import { chooseSource, plaintextPlace } from "../../src/env/source-choice.js";
import { files, type Variables } from "./environment.js";

function choose(env: Variables, readFile = files()) {
	const reading = new Reading(env, readFile);
	return { source: chooseSource(reading), problems: reading.problems };
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
		["S3", { CLEF_AGENT_SOURCE: "s3://bucket/key" }, /^CLEF_AGENT_SOURCE is not usable: .*not built yet/],
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

	it("leaves it to the repository settings when only those are given", () => {
		expect(choose({ CLEF_AGENT_VCS_REPO: "org/repo" })).toEqual({ source: undefined, problems: [] });
	});
});

describe("plaintextPlace", () => {
	it.each([
		["http://example.org/a", "example.org"],
		["http://10.0.0.1:80/a", "10.0.0.1"],
		["http://127.0.0.1.evil.example/a", "127.0.0.1.evil.example"],
		["http://localhost.evil.example/a", "localhost.evil.example"],
		["https://example.org/a", undefined],
		["http://localhost:8080/a", undefined],
		["http://127.0.0.1/a", undefined],
		["http://127.9.9.9/a", undefined],
		["http://[::1]:8080/a", undefined],
	])("of %s is %s", (url, host) => {
		expect(plaintextPlace({ kind: "http", url })).toEqual(host && { host, withCredential: false });
	});

	it.each([
		{ url: "http://user:pass@example.org/a" },
		{ url: "http://:pass@example.org/a" },
		{ url: "http://example.org/a", token: "t" },
	])("knows that a credential travels along (%#)", (options) => {
		expect(plaintextPlace({ kind: "http", ...options })).toEqual({
			host: "example.org",
			withCredential: true,
		});
	});

	it("does not exist for a file", () => {
		expect(plaintextPlace({ kind: "file", path: "/a" })).toBeUndefined();
	});
});
