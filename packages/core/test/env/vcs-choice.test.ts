import { describe, expect, it } from "vitest";
import { Reading } from "../../src/env/reading.js";
import { checkVcs, isVcsGiven } from "../../src/env/vcs-choice.js";
import { files, type Variables } from "./environment.js";

const COMPLETE: Variables = {
	CLEF_AGENT_VCS_PROVIDER: "github",
	CLEF_AGENT_VCS_REPO: "org/repo",
	CLEF_AGENT_VCS_TOKEN: "ghp_x",
	CLEF_AGENT_VCS_IDENTITY: "api",
	CLEF_AGENT_VCS_ENVIRONMENT: "production",
};
const UNBUILT = expect.stringMatching(
	/^CLEF_AGENT_VCS_\* .*not built yet in this version; use CLEF_AGENT_SOURCE\.$/,
);

function check(env: Variables, readFile = files()) {
	const reading = new Reading(env, readFile);
	return { subject: checkVcs(reading), problems: reading.problems };
}

describe("checkVcs", () => {
	it("is silent without any of its variables", () => {
		expect(check({})).toEqual({ subject: { identity: undefined, environment: undefined }, problems: [] });
	});

	it("says of complete settings only that no such source is built yet, and whose artifact they mean", () => {
		expect(check(COMPLETE)).toEqual({
			subject: { identity: "api", environment: "production" },
			problems: [UNBUILT],
		});
	});

	it.each<[string, Variables]>([
		["a branch", { CLEF_AGENT_VCS_REF: "release/1.x" }],
		["a self-hosted API", { CLEF_AGENT_VCS_API_URL: "https://git.example.org/api/v3" }],
		["nested groups", { CLEF_AGENT_VCS_PROVIDER: "gitlab", CLEF_AGENT_VCS_REPO: "a/b/c/d" }],
		["a dotted name", { CLEF_AGENT_VCS_REPO: "org/.github" }],
		["a personal space", { CLEF_AGENT_VCS_PROVIDER: "bitbucket", CLEF_AGENT_VCS_REPO: "~ann/repo" }],
		["a mail address and token", { CLEF_AGENT_VCS_TOKEN: "ann@example.org:tok" }],
		[
			"a GitHub App in place of a token",
			{
				CLEF_AGENT_VCS_TOKEN: undefined,
				CLEF_AGENT_VCS_APP_ID: "1",
				CLEF_AGENT_VCS_APP_INSTALLATION_ID: "2",
				CLEF_AGENT_VCS_APP_PRIVATE_KEY: "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----",
			},
		],
	])("finds no mistake in %s", (_, changes) => {
		expect(check({ ...COMPLETE, ...changes }).problems).toEqual([UNBUILT]);
	});

	it.each<[string, Variables, RegExp]>([
		[
			"another host",
			{ CLEF_AGENT_VCS_PROVIDER: "svn" },
			/PROVIDER must be one of github, gitlab, bitbucket\.$/,
		],
		["a URL", { CLEF_AGENT_VCS_REPO: "https://github.com/org/repo" }, /REPO must have the form org\/repo/],
		["no owner", { CLEF_AGENT_VCS_REPO: "repo" }, /REPO must have the form org\/repo/],
		["a path that climbs", { CLEF_AGENT_VCS_REPO: "org/.." }, /REPO .* no part of it may be only dots/],
		["an empty part", { CLEF_AGENT_VCS_REPO: "org//repo" }, /REPO must have the form org\/repo/],
		[
			"groups on GitHub",
			{ CLEF_AGENT_VCS_REPO: "a/b/c" },
			/REPO must be org\/repo, with one slash, for github/,
		],
		["D35 identity ../../x", { CLEF_AGENT_VCS_IDENTITY: "../../x" }, /IDENTITY must be letters/],
		["D35 environment a/b", { CLEF_AGENT_VCS_ENVIRONMENT: "a/b" }, /ENVIRONMENT must be letters/],
		["a ref with ..", { CLEF_AGENT_VCS_REF: "main..dev" }, /REF must be the name of a branch/],
		["a ref that looks like an option", { CLEF_AGENT_VCS_REF: "--upload-pack=x" }, /REF must be the name/],
		[
			"an http API",
			{ CLEF_AGENT_VCS_API_URL: "http://git.example.org" },
			/API_URL must be an https:\/\/ URL/,
		],
		["an app id that is a name", { CLEF_AGENT_VCS_APP_ID: "my-app" }, /APP_ID must be a whole number/],
		[
			"a key that is none",
			{ CLEF_AGENT_VCS_APP_PRIVATE_KEY: "key" },
			/APP_PRIVATE_KEY must be a private key in PEM/,
		],
	])("reports %s as well", (_, changes, problem) => {
		expect(check({ ...COMPLETE, ...changes }).problems).toEqual([expect.stringMatching(problem), UNBUILT]);
	});

	it.each(Object.keys(COMPLETE))("misses %s", (name) => {
		expect(check({ ...COMPLETE, [name]: undefined }).problems).toEqual([
			`${name} is not set; a repository source needs it.`,
			UNBUILT,
		]);
	});
});

describe("isVcsGiven", () => {
	it("counts a token given as a file, and no empty string", () => {
		expect(isVcsGiven(new Reading({ CLEF_AGENT_VCS_TOKEN_FILE: "/run/t" }, files()))).toBe(true);
		expect(isVcsGiven(new Reading({ CLEF_AGENT_VCS_TOKEN: "", CLEF_AGENT_VCS_REF: "" }, files()))).toBe(
			false,
		);
	});
});
