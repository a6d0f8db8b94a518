import { describe, expect, it } from "vitest";
import { doubtsAbout, plaintextPlace } from "../../src/env/source-doubts.js";
import type { RepositorySource } from "../../src/env/vcs-choice.js";

const REPOSITORY = { kind: "github", repo: "org/repo", identity: "api", environment: "production" };

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
		expect(plaintextPlace({ kind: "http", url })).toEqual(
			host && { variable: "CLEF_AGENT_SOURCE", host, withCredential: false },
		);
	});

	it.each([
		{ url: "http://user:pass@example.org/a" },
		{ url: "http://:pass@example.org/a" },
		{ url: "http://example.org/a", token: "t" },
	])("knows that a credential travels along (%#)", (options) => {
		expect(plaintextPlace({ kind: "http", ...options })).toMatchObject({
			host: "example.org",
			withCredential: true,
		});
	});

	it("does not exist for a file", () => {
		expect(plaintextPlace({ kind: "file", path: "/a" })).toBeUndefined();
	});

	it.each<[string, Partial<RepositorySource>, object | undefined]>([
		["the host's public API", {}, undefined],
		["https", { apiUrl: "https://git.example.org/api/v3" }, undefined],
		["loopback", { apiUrl: "http://127.0.0.1:8080" }, undefined],
		["http", { apiUrl: "http://git.example.org" }, { host: "git.example.org", withCredential: false }],
		["http with a token", { apiUrl: "http://git.example.org", token: "t" }, { withCredential: true }],
		[
			"http with a GitHub App",
			{ apiUrl: "http://git.example.org", app: { id: 1, installationId: 2, privateKey: "k" } },
			{ variable: "CLEF_AGENT_VCS_API_URL", withCredential: true },
		],
	])("of a repository at %s", (_, options, place) => {
		const found = plaintextPlace({ ...REPOSITORY, ...options } as RepositorySource);
		if (place === undefined) expect(found).toBeUndefined();
		else expect(found).toMatchObject(place);
	});
});

describe("doubtsAbout", () => {
	const PUBLIC = expect.stringMatching(/^CLEF_AGENT_VCS_TOKEN is not set: only a public repository/);
	const SENT = expect.stringMatching(
		/^The credential for CLEF_AGENT_VCS_API_URL is sent unencrypted over http:\/\/ to git\.example\.org/,
	);
	const READ = expect.stringMatching(
		/^CLEF_AGENT_VCS_API_URL is read over plain http:\/\/ from git\.example\.org/,
	);

	it.each<[string, Partial<RepositorySource>, boolean, unknown[]]>([
		["none of a repository with a token", { token: "t" }, false, []],
		["that nobody is named", {}, true, [PUBLIC]],
		["that the token is sent openly", { token: "t", apiUrl: "http://git.example.org" }, true, [SENT]],
		["nothing more of what is verified", { apiUrl: "http://git.example.org" }, true, [PUBLIC]],
		["that it could be altered", { apiUrl: "http://git.example.org" }, false, [PUBLIC, READ]],
	])("are %s", (_, options, verified, doubts) => {
		expect(doubtsAbout({ ...REPOSITORY, ...options } as RepositorySource, verified)).toEqual(doubts);
	});
});
