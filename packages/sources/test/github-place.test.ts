import { describe, expect, it } from "vitest";
import { githubPlace } from "../src/github-place.js";
import { SourceError } from "../src/index.js";

const OPTIONS = { repo: "acme/app", identity: "api", environment: "production" };

function refusal(options: Partial<Parameters<typeof githubPlace>[0]>): SourceError {
	try {
		githubPlace({ ...OPTIONS, ...options });
	} catch (error) {
		if (error instanceof SourceError) return error;
	}
	throw new Error("It was not refused.");
}

describe("githubPlace", () => {
	it("is at the public API unless told otherwise", () => {
		expect(githubPlace(OPTIONS)).toEqual({
			description: "github acme/app .clef/packed/api/production.age.json",
			owner: "acme",
			repo: "app",
			path: ".clef/packed/api/production.age.json",
			apiUrl: "https://api.github.com",
		});
	});

	it("describes ref and host where they are given", () => {
		const place = githubPlace({ ...OPTIONS, ref: "v1", apiUrl: "https://ghe.example:8443/api/v3" });
		expect(place.ref).toBe("v1");
		expect(place.description).toBe(
			"github acme/app .clef/packed/api/production.age.json at v1 on ghe.example:8443",
		);
	});

	it.each([
		["https://ghe.example/api/v3", "https://ghe.example/api/v3"],
		["https://ghe.example/api/v3//", "https://ghe.example/api/v3"],
		["https://api.acme.ghe.com", "https://api.acme.ghe.com"],
		["HTTPS://GHE.example/", "https://ghe.example"],
		["http://127.0.0.1:4001/", "http://127.0.0.1:4001"],
	])("takes the API URL %s", (apiUrl, expected) => {
		expect(githubPlace({ ...OPTIONS, apiUrl }).apiUrl).toBe(expected);
	});

	it.each(["a.b/c-d_e", "Acme/.github", "a/..b", "user_corp/x"])("takes the repository %s", (repo) => {
		expect(githubPlace({ ...OPTIONS, repo })).toMatchObject({ owner: repo.split("/")[0] });
	});

	it.each([
		"app",
		"",
		"acme/",
		"/app",
		"acme/app/x",
		"acme/..",
		"../app",
		"acme/.",
		"acme/app?x",
		"acme/app#x",
		"acme/a%2Fb",
		"acme/app\n",
	])("refuses the repository %j", (repo) => {
		expect(refusal({ repo })).toMatchObject({ code: "SOURCE_NOT_FOUND", retryable: false });
		expect(refusal({ repo }).message).toContain("CLEF_AGENT_VCS_REPO");
	});

	it.each(["", "a b", "a\nb", "\u0000"])("refuses the ref %j", (ref) => {
		expect(refusal({ ref })).toMatchObject({ code: "SOURCE_NOT_FOUND" });
		expect(refusal({ ref }).message).toContain("CLEF_AGENT_VCS_REF");
	});

	it.each([
		"ghe.example/api/v3",
		"ftp://ghe.example",
		"https://us3r:s3cret@ghe.example",
		"https://ghe.example/?token=s3cret",
		"https://ghe.example/#s3cret",
		"https://:s3cret@",
	])("T27 refuses the API URL %j without repeating it", (apiUrl) => {
		const { code, retryable, message } = refusal({ apiUrl });
		expect({ code, retryable }).toEqual({ code: "SOURCE_UNREACHABLE", retryable: false });
		expect(message).toContain("CLEF_AGENT_VCS_API_URL");
		expect(message).not.toMatch(/s3cret|us3r/);
	});
});
