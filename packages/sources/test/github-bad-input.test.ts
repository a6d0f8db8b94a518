import { behaviours } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSource, SourceError } from "../src/index.js";
import { type GithubStage, openGithub, PATH, PLACE, TOKEN } from "./github-stage.js";

const BODY = Buffer.from('{"version":1}');

describe("GithubSource and bad input:", () => {
	let stage: GithubStage;
	beforeEach(async () => {
		stage = await openGithub(BODY);
	});
	afterEach(() => stage.close());
	const put = (entry: Parameters<GithubStage["server"]["repositories"]["put"]>[2]) =>
		stage.server.repositories.put("acme/app", PATH, entry);

	const says = async (options: Parameters<GithubStage["failure"]>[0], code: string, ...words: string[]) => {
		const error = await stage.failure(options);
		expect(error).toMatchObject({ code, retryable: false });
		for (const word of words) expect(error.message).toContain(word);
		expect(error.message).toMatch(/^[^\n]*[^.]\.$/);
		expect(printed(error)).not.toMatch(/5ecret|authorization/i);
	};

	it("a wrong or revoked token names CLEF_AGENT_VCS_TOKEN", async () => {
		await says({ token: "ghp_wrong5ecret" }, "SOURCE_UNAUTHORIZED", "401", "CLEF_AGENT_VCS_TOKEN");
		stage.server.revoke(TOKEN);
		await says({ token: TOKEN }, "SOURCE_UNAUTHORIZED", "401", "CLEF_AGENT_VCS_TOKEN");
	});

	it("a token that may not read contents names the permission", async () => {
		stage.server.respondWith(behaviours.status(403, {}, '{"message":"Resource not accessible"}'));
		await says({ token: TOKEN }, "SOURCE_UNAUTHORIZED", "CLEF_AGENT_VCS_TOKEN", "Contents: read");
		await says({}, "SOURCE_UNAUTHORIZED", "set CLEF_AGENT_VCS_TOKEN");
	});

	it("a token that is not authorized for single sign-on says so", async () => {
		stage.server.respondWith(
			behaviours.status(403, { "x-github-sso": "required; url=https://github.com/s1gned" }, "none"),
		);
		await says({ token: TOKEN }, "SOURCE_UNAUTHORIZED", "single sign-on");
		expect((await stage.failure()).message).not.toContain("s1gned");
	});

	it("a missing token where one is asked for names it", async () => {
		stage.server.respondWith(behaviours.status(401));
		await says({}, "SOURCE_UNAUTHORIZED", "set CLEF_AGENT_VCS_TOKEN");
	});

	it("a missing or hidden repository names CLEF_AGENT_VCS_REPO", async () => {
		await says({ token: TOKEN, repo: "acme/ap" }, "SOURCE_NOT_FOUND", "no repository acme/ap", "_VCS_REPO");
		await says({}, "SOURCE_NOT_FOUND", "CLEF_AGENT_VCS_REPO", "CLEF_AGENT_VCS_TOKEN is set");
	});

	it("a wrong branch names CLEF_AGENT_VCS_REF", async () => {
		await says({ token: TOKEN, ref: "mian" }, "SOURCE_NOT_FOUND", "at mian", "CLEF_AGENT_VCS_REF");
	});

	it("a missing file names CLEF_AGENT_VCS_IDENTITY and _ENVIRONMENT, and where it was looked for", async () => {
		const names = ["CLEF_AGENT_VCS_IDENTITY", "CLEF_AGENT_VCS_ENVIRONMENT", "pushed"];
		const missing = { token: TOKEN, identity: "web" };
		await says(missing, "SOURCE_NOT_FOUND", "its default branch has no such file", ...names);
		await says({ ...missing, ref: "main" }, "SOURCE_NOT_FOUND", "main has no such file", ...names);
	});

	it("an absence that cannot be explained is still an absence", async () => {
		const down = behaviours.status(500);
		stage.server.respondWith(behaviours.status(404), down);
		await says({ token: TOKEN }, "SOURCE_NOT_FOUND", "CLEF_AGENT_VCS_REPO");
		stage.server.respondWith(behaviours.status(404), behaviours.noHttp());
		await says({ token: TOKEN }, "SOURCE_NOT_FOUND", "CLEF_AGENT_VCS_REPO");
		stage.server.respondWith(behaviours.status(404), behaviours.status(200), down);
		await says({ token: TOKEN, ref: "main" }, "SOURCE_NOT_FOUND", "CLEF_AGENT_VCS_IDENTITY");
	});

	it("a directory, a submodule or a link to nothing is no artifact", async () => {
		const hint = "CLEF_AGENT_VCS_IDENTITY";
		stage.server.repositories.put("acme/app", `${PATH.replace("production", "dir")}/x`, {
			kind: "file",
			bytes: BODY,
		});
		await says({ token: TOKEN, environment: "dir" }, "SOURCE_BAD_RESPONSE", "directory", hint);
		put({ kind: "submodule" });
		await says({ token: TOKEN }, "SOURCE_BAD_RESPONSE", "submodule", hint);
		put({ kind: "symlink", target: "gone.json" });
		await says({ token: TOKEN }, "SOURCE_BAD_RESPONSE", "link", hint);
	});

	it("a file beyond GitHub's 100 MB is too large, whatever the cap", async () => {
		put({ kind: "file", bytes: BODY, size: 100_000_001 });
		await says({ token: TOKEN, maxBytes: 2 ** 30 }, "SOURCE_TOO_LARGE", "100 MB");
	});

	it("an address that is not the API's names CLEF_AGENT_VCS_API_URL", async () => {
		stage.server.respondWith(behaviours.html());
		await says({ token: TOKEN }, "SOURCE_BAD_RESPONSE", "CLEF_AGENT_VCS_API_URL", "/api/v3");
	});

	it("a token that cannot be sent, or a second credential, is refused at once, without quoting it", () => {
		const app = { id: 1, installationId: 2, privateKey: "5ecret" };
		for (const credential of [
			{ token: "" },
			{ token: "5ecret token" },
			{ token: "5ecret\r\nx: y" },
			{ token: "5ecret", app },
		]) {
			const error = thrownBy(() => createSource({ ...PLACE, ...credential }));
			expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
			expect(printed(error)).toContain("CLEF_AGENT_VCS_TOKEN");
			expect(printed(error)).not.toContain("5ecret");
		}
	});
});

function thrownBy(make: () => unknown): unknown {
	try {
		make();
	} catch (error) {
		expect(error).toBeInstanceOf(SourceError);
		return error;
	}
	throw new Error("Nothing was thrown.");
}
