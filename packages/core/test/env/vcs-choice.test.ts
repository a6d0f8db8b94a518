import { describe, expect, it } from "vitest";
import { Reading } from "../../src/env/reading.js";
import { chooseRepository, isVcsGiven } from "../../src/env/vcs-choice.js";
import { files, type Variables } from "./environment.js";
import { rsaPem } from "./rsa-pem.js";

const COMPLETE: Variables = {
	CLEF_AGENT_VCS_PROVIDER: "github",
	CLEF_AGENT_VCS_REPO: "org/repo",
	CLEF_AGENT_VCS_TOKEN: "ghp_x",
	CLEF_AGENT_VCS_IDENTITY: "api",
	CLEF_AGENT_VCS_ENVIRONMENT: "production",
};
const SOURCE = {
	kind: "github",
	repo: "org/repo",
	identity: "api",
	environment: "production",
	token: "ghp_x",
};
const PEM = rsaPem({ type: "pkcs1", format: "pem" }).trim();
const APP: Variables = {
	CLEF_AGENT_VCS_TOKEN: undefined,
	CLEF_AGENT_VCS_APP_ID: "1",
	CLEF_AGENT_VCS_APP_INSTALLATION_ID: "2",
	CLEF_AGENT_VCS_APP_PRIVATE_KEY: PEM,
};
const { token: _, ...WITHOUT_TOKEN } = SOURCE;

function choose(changes: Variables, readFile = files()) {
	const reading = new Reading({ ...COMPLETE, ...changes }, readFile);
	return { source: chooseRepository(reading, async (path) => readFile(path)), problems: reading.problems };
}

describe("chooseRepository", () => {
	it("takes complete settings", () => {
		expect(choose({})).toEqual({ source: SOURCE, problems: [] });
	});

	it.each<[string, Variables, object]>([
		["a branch", { CLEF_AGENT_VCS_REF: "release/1.x" }, { ref: "release/1.x" }],
		[
			"a self-hosted API",
			{ CLEF_AGENT_VCS_API_URL: "https://git.example.org/api/v3" },
			{ apiUrl: "https://git.example.org/api/v3" },
		],
		["a plain http API", { CLEF_AGENT_VCS_API_URL: "http://git:7990" }, { apiUrl: "http://git:7990" }],
		[
			"nested groups",
			{ CLEF_AGENT_VCS_PROVIDER: "gitlab", CLEF_AGENT_VCS_REPO: "a/b/c/d" },
			{ kind: "gitlab", repo: "a/b/c/d" },
		],
		[
			"a project's id",
			{ CLEF_AGENT_VCS_PROVIDER: "gitlab", CLEF_AGENT_VCS_REPO: "81" },
			{ kind: "gitlab", repo: "81" },
		],
		["a dotted name", { CLEF_AGENT_VCS_REPO: "org/.github" }, { repo: "org/.github" }],
		[
			"a personal space",
			{ CLEF_AGENT_VCS_PROVIDER: "bitbucket", CLEF_AGENT_VCS_REPO: "~ann/repo" },
			{ kind: "bitbucket", repo: "~ann/repo" },
		],
		[
			"a mail address and token",
			{ CLEF_AGENT_VCS_PROVIDER: "bitbucket", CLEF_AGENT_VCS_TOKEN: "ann@example.org:tok" },
			{ kind: "bitbucket", token: "ann@example.org:tok" },
		],
	])("takes %s", (_, changes, difference) => {
		expect(choose(changes)).toEqual({ source: { ...SOURCE, ...difference }, problems: [] });
	});

	it("takes a GitHub App in place of a token", () => {
		const app = { id: 1, installationId: 2, privateKey: PEM };
		expect(choose(APP)).toEqual({ source: { ...WITHOUT_TOKEN, app }, problems: [] });
	});

	it("takes token and key from files", () => {
		const readFile = files({ "/run/token": "ghp_file\n", "/run/key": `${PEM}\n` });
		const fromFile = { CLEF_AGENT_VCS_TOKEN: undefined, CLEF_AGENT_VCS_TOKEN_FILE: "/run/token" };
		expect(choose(fromFile, readFile).source).toMatchObject({ token: "ghp_file" });
		const key = {
			CLEF_AGENT_VCS_APP_PRIVATE_KEY: undefined,
			CLEF_AGENT_VCS_APP_PRIVATE_KEY_FILE: "/run/key",
		};
		expect(choose({ ...APP, ...key }, readFile).source).toMatchObject({ app: { privateKey: PEM } });
	});

	it("needs no token, as a repository may be public", () => {
		expect(choose({ CLEF_AGENT_VCS_TOKEN: undefined })).toEqual({ source: WITHOUT_TOKEN, problems: [] });
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
		["an id on GitHub", { CLEF_AGENT_VCS_REPO: "81" }, /REPO must be org\/repo, with one slash, for github/],
		["D35 identity ../../x", { CLEF_AGENT_VCS_IDENTITY: "../../x" }, /IDENTITY must be letters/],
		["D35 environment a/b", { CLEF_AGENT_VCS_ENVIRONMENT: "a/b" }, /ENVIRONMENT must be letters/],
		["a ref with ..", { CLEF_AGENT_VCS_REF: "main..dev" }, /REF must be the name of a branch/],
		["a ref that looks like an option", { CLEF_AGENT_VCS_REF: "--upload-pack=x" }, /REF must be the name/],
		[
			"T27 an API URL with a password",
			{ CLEF_AGENT_VCS_API_URL: "https://u:hunter2@git.example.org" },
			/^CLEF_AGENT_VCS_API_URL must be an http\(s\):\/\/ URL without user name, password, query or fragment\.$/,
		],
		[
			"an app id that is a name",
			{ ...APP, CLEF_AGENT_VCS_APP_ID: "my-app" },
			/APP_ID must be a whole number/,
		],
		[
			"a key that is none",
			{ ...APP, CLEF_AGENT_VCS_APP_PRIVATE_KEY: "key" },
			/APP_PRIVATE_KEY must be an RSA private key in PEM/,
		],
		[
			"a token beside a GitHub App",
			{ ...APP, CLEF_AGENT_VCS_TOKEN: "ghp_x" },
			/^CLEF_AGENT_VCS_TOKEN and CLEF_AGENT_VCS_APP_\* are both set; keep one of them\.$/,
		],
		[
			"a GitHub App at GitLab",
			{ ...APP, CLEF_AGENT_VCS_PROVIDER: "gitlab" },
			/^CLEF_AGENT_VCS_APP_\* are for github, not for gitlab; use CLEF_AGENT_VCS_TOKEN\.$/,
		],
	])("reports %s", (_, changes, problem) => {
		expect(choose(changes).problems).toEqual([expect.stringMatching(problem)]);
	});

	it.each(["PROVIDER", "REPO", "IDENTITY", "ENVIRONMENT"])("misses CLEF_AGENT_VCS_%s", (name) => {
		expect(choose({ [`CLEF_AGENT_VCS_${name}`]: undefined })).toEqual({
			source: undefined,
			problems: [`CLEF_AGENT_VCS_${name} is not set; a repository source needs it.`],
		});
	});

	it("names every part of a GitHub App that is missing", () => {
		const incomplete = {
			...APP,
			CLEF_AGENT_VCS_APP_INSTALLATION_ID: undefined,
			CLEF_AGENT_VCS_APP_PRIVATE_KEY: undefined,
		};
		expect(choose(incomplete).problems).toEqual([
			"CLEF_AGENT_VCS_APP_INSTALLATION_ID is not set; a GitHub App needs it.",
			"CLEF_AGENT_VCS_APP_PRIVATE_KEY is not set; a GitHub App needs it.",
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
