import { describe, expect, it } from "vitest";
import { hasValidSignature, type SignedRequest, signedAtMs, sigV4Claim } from "../src/sigv4.js";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/** The example "GET Object" of the S3 API reference's page on the Authorization header. */
const EXAMPLE: SignedRequest = {
	method: "GET",
	url: "/test.txt",
	body: "",
	headers: {
		host: "examplebucket.s3.amazonaws.com",
		range: "bytes=0-9",
		"x-amz-content-sha256": EMPTY,
		"x-amz-date": "20130524T000000Z",
		authorization:
			"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
	},
};

function valid(request: SignedRequest, secret = SECRET): boolean {
	const claim = sigV4Claim(request);
	return claim !== undefined && hasValidSignature(request, claim, secret);
}

describe("signature version 4", () => {
	it("accepts the published example", () => {
		expect(sigV4Claim(EXAMPLE)).toMatchObject({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "us-east-1" });
		expect(valid(EXAMPLE)).toBe(true);
		expect(signedAtMs(EXAMPLE)).toBe(Date.UTC(2013, 4, 24));
	});

	it.each<[string, Partial<SignedRequest>]>([
		["another path", { url: "/test2.txt" }],
		["a query", { url: "/test.txt?versionId=1" }],
		["another method", { method: "PUT" }],
		["a body", { body: "x" }],
		["another date", { headers: { ...EXAMPLE.headers, "x-amz-date": "20130524T000001Z" } }],
		["another host", { headers: { ...EXAMPLE.headers, host: "other.example" } }],
	])("refuses %s under the same signature", (_, change) => {
		expect(valid({ ...EXAMPLE, ...change })).toBe(false);
	});

	it("refuses another secret, and what is no such header", () => {
		expect(valid(EXAMPLE, "other")).toBe(false);
		expect(sigV4Claim({ headers: {} })).toBeUndefined();
		expect(sigV4Claim({ headers: { authorization: "Bearer x" } })).toBeUndefined();
		expect(signedAtMs({ headers: {} })).toBeNaN();
	});
});
