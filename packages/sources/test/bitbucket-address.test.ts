import { printed } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it } from "vitest";
import { bitbucketAddress } from "../src/bitbucket-address.js";

describe("bitbucketAddress", () => {
	it.each([
		undefined,
		"https://api.bitbucket.org",
		"https://api.bitbucket.org/2.0/",
		"https://API.bitbucket.org",
		"https://bitbucket.org/",
		"http://api.bitbucket.org/rest/api/1.0",
	])("takes %s for Bitbucket Cloud", (apiUrl) => {
		expect(bitbucketAddress(apiUrl)).toEqual({
			product: "cloud",
			base: "https://api.bitbucket.org/2.0",
			host: undefined,
		});
	});

	it.each([
		["http://127.0.0.1:4000/2.0", "http://127.0.0.1:4000/2.0"],
		["https://gateway.example/bitbucket/2.0//", "https://gateway.example/bitbucket/2.0"],
	])("takes %s for Cloud's API behind another address", (apiUrl, base) => {
		expect(bitbucketAddress(apiUrl)).toMatchObject({ product: "cloud", base, host: new URL(apiUrl).host });
	});

	it.each([
		["https://git.example", "https://git.example/rest/api/latest"],
		["https://git.example:8443/", "https://git.example:8443/rest/api/latest"],
		["https://git.example/ctx/bb/", "https://git.example/ctx/bb/rest/api/latest"],
		["https://git.example/ctx/rest", "https://git.example/ctx/rest/api/latest"],
		["https://git.example/rest/api", "https://git.example/rest/api/latest"],
		["https://git.example/rest/api/1.0", "https://git.example/rest/api/1.0"],
		["https://git.example/ctx/rest/api/latest/", "https://git.example/ctx/rest/api/latest"],
		["https://bitbucket.org.example", "https://bitbucket.org.example/rest/api/latest"],
		["https://notbitbucket.org", "https://notbitbucket.org/rest/api/latest"],
	])("takes %s for Data Center", (apiUrl, base) => {
		expect(bitbucketAddress(apiUrl)).toEqual({ product: "data center", base, host: new URL(apiUrl).host });
	});

	it.each([
		"",
		"git.example",
		"ftp://git.example",
		"https://us3r:s3cret@git.example",
		"https://git.example/?token=s3cret",
		"https://git.example/#s3cret",
	])("T27 refuses %s without quoting it", (apiUrl) => {
		let error: unknown;
		try {
			bitbucketAddress(apiUrl);
		} catch (thrown) {
			error = thrown;
		}
		expect(error).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: false });
		expect(printed(error)).toContain("CLEF_AGENT_VCS_API_URL");
		expect(printed(error)).not.toMatch(/s3cret|us3r/);
	});
});
