import { describe, expect, it } from "vitest";
import { gitlabPlace } from "../src/gitlab-place.js";
import type { RepositoryOptions } from "../src/repository.js";

const OPTIONS = { repo: "acme/app", identity: "api", environment: "production" };
const place = (options: Partial<RepositoryOptions> = {}) => gitlabPlace({ ...OPTIONS, ...options });

function refusal(options: Partial<RepositoryOptions>): unknown {
	try {
		return place(options);
	} catch (error) {
		return error;
	}
}

describe("gitlabPlace", () => {
	it("is gitlab.com and the default branch where nothing else is said", () => {
		expect(place()).toEqual({
			host: "https://gitlab.com",
			project: "acme/app",
			path: ".clef/packed/api/production.age.json",
			ref: "HEAD",
			description: "gitlab acme/app .clef/packed/api/production.age.json",
		});
	});

	it.each([
		["https://gitlab.example.com", "https://gitlab.example.com"],
		["https://gitlab.example.com/", "https://gitlab.example.com"],
		["https://gitlab.example.com/api/v4", "https://gitlab.example.com"],
		["https://gitlab.example.com/api/v4/", "https://gitlab.example.com"],
		["https://example.com/gitlab", "https://example.com/gitlab"],
		["https://example.com/gitlab/api/v4", "https://example.com/gitlab"],
		["https://example.com/gitlab/api/", "https://example.com/gitlab"],
		["http://10.0.0.1:8080/a/b//", "http://10.0.0.1:8080/a/b"],
		["https://gitlab.com/api/v4", "https://gitlab.com"],
	])("takes %s as the instance %s", (apiUrl, host) => {
		expect(place({ apiUrl }).host).toBe(host);
	});

	it("names the host of an instance, and the ref where one is given", () => {
		const { description, ref } = place({ apiUrl: "https://example.com/gitlab/api/v4", ref: "release/1" });
		expect(ref).toBe("release/1");
		expect(description).toBe(
			"gitlab acme/app .clef/packed/api/production.age.json at release/1 on example.com/gitlab",
		);
		expect(place({ apiUrl: "https://gitlab.com" }).description).not.toContain(" on ");
	});

	it.each(["acme/a/b/c/d", "a.b/_c-d/e_f", "4711", ".hidden/x"])("takes the project %s", (repo) => {
		expect(place({ repo }).project).toBe(repo);
	});

	it.each([
		"",
		"acme",
		"/acme/app",
		"acme/app/",
		"acme//app",
		"acme/../app",
		"../app",
		"acme/.",
		"acme/-app",
		"acme/app?private_token=x",
		"acme/app#x",
		"acme%2Fapp",
		"acme/app\n",
		"https://gitlab.com/acme/app",
		"git@gitlab.com:acme/app",
	])("refuses the project %j, naming the variable", (repo) => {
		expect(refusal({ repo })).toMatchObject({
			code: "SOURCE_NOT_FOUND",
			message: expect.stringContaining("CLEF_AGENT_VCS_REPO"),
		});
	});

	it.each([
		"",
		"gitlab.example.com",
		"ftp://gitlab.example.com",
		"https://us3r:s3cret@gitlab.example.com",
		"https://s3cret@gitlab.example.com",
		"https://gitlab.example.com/?private_token=s3cret",
		"https://gitlab.example.com/#s3cret",
		"https://s3cret:bad:port",
	])("T27 refuses the API URL %j without quoting it", (apiUrl) => {
		const error = refusal({ apiUrl });
		expect(error).toMatchObject({
			code: "SOURCE_UNREACHABLE",
			retryable: false,
			message: expect.stringContaining("CLEF_AGENT_VCS_API_URL"),
		});
		expect(String(error)).not.toMatch(/s3cret|us3r/);
	});

	it("refuses an identity or environment that leads elsewhere", () => {
		expect(refusal({ identity: "../x" })).toMatchObject({ code: "SOURCE_NOT_FOUND" });
		expect(refusal({ environment: "a/b" })).toMatchObject({ code: "SOURCE_NOT_FOUND" });
	});
});
