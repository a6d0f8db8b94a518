import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { configFromEnvironment } from "@clef-sh/core/env";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { startBitbucketDataCenterServer } from "@clef-sh/testkit/bitbucket-datacenter-server";
import { startBitbucketServer } from "@clef-sh/testkit/bitbucket-server";
import { startGithubServer } from "@clef-sh/testkit/github-server";
import { startGitlab } from "@clef-sh/testkit/gitlab-server";
import { S3Server } from "@clef-sh/testkit/s3-server";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { APP_PUBLIC_KEY, NAMED_FILES, settingsOf } from "./page-settings.js";
import { itWith, part } from "./part.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

type Variables = Readonly<Record<string, string>>;

/** What the agent makes of settings; a file that no page should name is an error. */
function read(env: Variables): ReturnType<typeof configFromEnvironment> {
	return configFromEnvironment(env, (path) => {
		const content = NAMED_FILES[path];
		if (content === undefined) throw new RangeError(`no page should name ${path}`);
		return content;
	});
}

const withShell = itWith(part("env"));

withShell("the settings of every page are ones that the agent takes", async () => {
	const pages = new Set(snippetsFor("settings").map((snippet) => snippet.page));
	expect(pages.size).toBe(10);
	for (const page of pages) {
		for (const env of await settingsOf(snippetsFor("settings", page))) {
			expect(Object.keys(env).length, page).toBeGreaterThan(1);
			const whole = page === "docs/telemetry.md" ? { CLEF_AGENT_SOURCE: "/srv/api.age.json", ...env } : env;
			expect(() => read(whole), page).not.toThrow();
		}
	}
});

it("a misspelt variable is found", () => {
	expect(() => read({ CLEF_AGENT_SUORCE: "/srv/api.age.json" })).toThrow("CLEF_AGENT_SOURCE");
});

const SECRETS = { DB_PASSWORD: "hunter2" };
const PATH = ".clef/packed/api/production.age.json";
const artifact = () => sealArtifact({ identity: "api", environment: "production", secrets: SECRETS });
const token = (name: string) => NAMED_FILES[`/run/secrets/${name}-token`] ?? "";

/** Places as the pages name them, on loopback; each gives what the agent needs to find it there. */
const PLACES: Readonly<Record<string, () => Promise<(settings: Variables) => Variables>>> = {
	file: async () => {
		const file = join(temporaryFolder(), "api.age.json");
		writeFileSync(file, await artifact());
		return () => ({ CLEF_AGENT_SOURCE: file });
	},
	http: async () => {
		const good = behaviours.ok(await artifact());
		const refused = behaviours.status(401);
		const server = await startServer((request, response) => {
			const isAllowed = request.headers.authorization === `Bearer ${token("source")}`;
			(isAllowed ? good : refused)(request, response);
		});
		onTestFinished(() => server.close());
		const place = "https://artifacts.example.com";
		return ({ CLEF_AGENT_SOURCE = "" }) => ({
			CLEF_AGENT_SOURCE: CLEF_AGENT_SOURCE.replace(place, server.url.replace(/\/$/, "")),
		});
	},
	s3: async () => {
		const server = await S3Server.start({ region: "eu-west-1" });
		onTestFinished(() => server.close());
		server.put("acme-artifacts", "api/production.age.json", await artifact());
		const { AWS_REGION: _, ...env } = server.environment();
		return () => env;
	},
	github: async () => {
		const app = { id: 12345, installationId: 67890, repositories: ["acme/app"], publicKey: APP_PUBLIC_KEY };
		const github = await startGithubServer({ apps: [{ ...app, permissions: { contents: "read" } }] });
		onTestFinished(() => github.close());
		github.repositories.add("acme/app");
		for (const ref of ["main", "release"])
			github.repositories.put("acme/app", PATH, { kind: "file", bytes: await artifact() }, ref);
		github.allow(token("github"), ["acme/app"]);
		return () => ({ CLEF_AGENT_VCS_API_URL: github.apiUrl });
	},
	gitlab: async () => {
		const scopes = ["read_repository"];
		const gitlab = await startGitlab({ tokens: { [token("gitlab")]: { kind: "access", scopes } } });
		onTestFinished(() => gitlab.close());
		for (const branch of ["main", "release"]) gitlab.commit(PATH, await artifact(), branch);
		return () => ({ CLEF_AGENT_VCS_API_URL: gitlab.url });
	},
	bitbucket: async () => {
		const cloud = await startBitbucketServer();
		const own = await startBitbucketDataCenterServer({ contextPath: "/bitbucket", repo: "PROJECT/app" });
		for (const place of [cloud, own]) {
			onTestFinished(() => place.server.close());
			place.credentials.add(`Bearer ${token("bitbucket")}`);
			place.repository.commit({ [PATH]: await artifact() });
			place.repository.commit({ [PATH]: await artifact() }, "release/1");
		}
		return ({ CLEF_AGENT_VCS_API_URL }) => ({
			CLEF_AGENT_VCS_API_URL: CLEF_AGENT_VCS_API_URL === undefined ? cloud.url : own.url,
		});
	},
};

describe("the settings of a page lead to its place", () => {
	for (const [name, place] of Object.entries(PLACES)) {
		withShell(name, async () => {
			const files = temporaryFolder();
			for (const [path, content] of Object.entries(NAMED_FILES))
				writeFileSync(join(files, basename(path)), content);
			const found = await place();
			const shown = await settingsOf(snippetsFor("settings", `docs/sources/${name}.md`));
			expect(shown.length).toBeGreaterThan(1);
			for (const settings of shown) {
				const own = Object.entries(settings).map(([variable, value]) => [
					variable,
					value.replace("/run/secrets", files),
				]);
				const env = { ...Object.fromEntries(own), ...found(settings) };
				const agent = await AgentProcess.ready(env, { withoutAgeKey: true });
				expect(await agent.secrets()).toEqual(SECRETS);
				await agent.stop();
			}
		});
	}
});
