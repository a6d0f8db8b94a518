import { throttled } from "@clef-sh/testkit/gitlab-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { describe, expect, it } from "vitest";
import { BODY, type Changes, PATH, PROJECT, TOKEN, useGitlab } from "./gitlab-instance.js";

const gitlab = useGitlab();

describe("T22 limits of rate", () => {
	it.each([
		["Retry-After", { "retry-after": "30" }, 30_000],
		["RateLimit-Reset", { "ratelimit-reset": String(Date.UTC(2030, 0, 1) / 1000 + 60) }, 60_000],
		["Retry-After before it", { "retry-after": "5", "ratelimit-reset": "1900000000" }, 5_000],
	])("T22 honours %s", async (_, headers, retryAfterMs) => {
		gitlab.server.respondWith(throttled(headers));
		for (const validator of [undefined, { etag: "0" }]) {
			const error = await gitlab.failure(validator);
			expect(error).toMatchObject({ code: "SOURCE_RATE_LIMITED", retryable: true, retryAfterMs });
		}
		expect(gitlab.methods()).toEqual(["GET", "HEAD"]);
	});

	it("T22 knows a limit without any header, and does not retry by itself", async () => {
		gitlab.server.respondWith(behaviours.status(429));
		const error = await gitlab.failure();
		expect(error.code).toBe("SOURCE_RATE_LIMITED");
		expect(error.retryAfterMs).toBeUndefined();
		gitlab.server.respondWith(behaviours.status(502));
		expect(await gitlab.failure()).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
		expect(gitlab.server.requests).toHaveLength(2);
	});
});

describe("bad input is one sentence that names the variable:", () => {
	const sentence = async (options?: Changes) => {
		const cold = await gitlab.failure(undefined, options);
		const polling = await gitlab.failure({ etag: "ab".repeat(20) }, options);
		expect({ ...polling, message: polling.message }).toEqual({ ...cold, message: cold.message });
		return cold;
	};

	it("a wrong token", async () => {
		const error = await sentence({ token: "glpat-s3cret-and-wrong" });
		expect(error.code).toBe("SOURCE_UNAUTHORIZED");
		expect(error.message).toContain("CLEF_AGENT_VCS_TOKEN");
	});

	it("an expired token", async () => {
		gitlab.server.setToken(TOKEN, { kind: "access", expired: true });
		const error = await sentence();
		expect(error.code).toBe("SOURCE_UNAUTHORIZED");
		expect(error.message).toContain("expired");
	});

	it.each([
		["a scope that does not reach", { kind: "access", scopes: ["read_user"] }],
		["a role that may not read code", { kind: "access", role: "guest" }],
	] as const)("%s", async (_, meaning) => {
		gitlab.server.setToken(TOKEN, meaning);
		const error = await sentence();
		expect(error.code).toBe("SOURCE_UNAUTHORIZED");
		expect(error.message).toMatch(/CLEF_AGENT_VCS_TOKEN.*read_repository.*Reporter/);
	});

	it("a missing project, and one the token may not see, which GitLab does not tell apart", async () => {
		const missing = await sentence({ repo: "acme/missing" });
		gitlab.server.setToken(TOKEN, { kind: "access", role: "none" });
		const hidden = await sentence();
		expect([missing.code, hidden.code]).toEqual(["SOURCE_NOT_FOUND", "SOURCE_NOT_FOUND"]);
		expect(missing.message).toMatch(/no such project.*CLEF_AGENT_VCS_REPO and CLEF_AGENT_VCS_TOKEN/);
		expect(hidden.message).toBe(missing.message.replace("acme/missing", PROJECT));
	});

	it("a wrong branch", async () => {
		const error = await sentence({ ref: "no/such" });
		expect(error.code).toBe("SOURCE_NOT_FOUND");
		expect(error.message).toMatch(/ at no\/such on .*no such branch.*CLEF_AGENT_VCS_REF/);
	});

	it("a missing file", async () => {
		const error = await sentence({ environment: "staging" });
		expect(error.code).toBe("SOURCE_NOT_FOUND");
		expect(error.message).toMatch(/no such file.*CLEF_AGENT_VCS_ENVIRONMENT/);
	});

	it("a directory in the file's place, which GitLab does not tell from a missing file", async () => {
		gitlab.server.remove(PATH);
		gitlab.server.commit(`${PATH}/inside`, BODY);
		const error = await sentence();
		expect(error.code).toBe("SOURCE_NOT_FOUND");
		expect(error.message).toContain("directory");
	});

	it.each(["<html>no JSON</html>", "null", '{"message":{"error":"404 File Not Found"}}', '"s3cret"'])(
		"a 404 with the body %j, which is not GitLab's",
		async (text) => {
			gitlab.server.respondWith(behaviours.status(404, {}, text));
			const error = await sentence();
			expect(error.code).toBe("SOURCE_NOT_FOUND");
			expect(error.message).toContain("CLEF_AGENT_VCS_API_URL");
		},
	);
});
