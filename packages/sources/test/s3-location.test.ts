import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseS3Host } from "../src/s3-endpoint-host.js";
import { parseS3Uri, parseS3Url, s3LocationProblem } from "../src/s3-location.js";

const POINT = "arn:aws:s3:eu-west-1:123456789012:accesspoint/reader";

describe("parseS3Uri", () => {
	it.each([
		["s3://bucket/key", { bucket: "bucket", key: "key" }],
		["S3://bucket/key", { bucket: "bucket", key: "key" }],
		["s3://my.bucket-1/a/b.json", { bucket: "my.bucket-1", key: "a/b.json" }],
		["s3://bucket//leading", { bucket: "bucket", key: "/leading" }],
		["s3://bucket/a//b/", { bucket: "bucket", key: "a//b/" }],
		["s3://bucket/a+b c", { bucket: "bucket", key: "a+b c" }],
		["s3://bucket/a%2Bb%20c", { bucket: "bucket", key: "a+b c" }],
		["s3://bucket/a%2520b", { bucket: "bucket", key: "a%20b" }],
		["s3://bucket/a%2Fb", { bucket: "bucket", key: "a/b" }],
		["s3://bucket/a%3Fb%23c", { bucket: "bucket", key: "a?b#c" }],
		["s3://bucket/Zürich/%C3%BC", { bucket: "bucket", key: "Zürich/ü" }],
		["s3://bucket/a\\b", { bucket: "bucket", key: "a\\b" }],
		["s3://bucket/a..b/.hidden", { bucket: "bucket", key: "a..b/.hidden" }],
		["s3://bucket/k?", { bucket: "bucket", key: "k" }],
		["s3://bucket/k?versionId=v.1_-%2B", { bucket: "bucket", key: "k", versionId: "v.1_-+" }],
		["s3://bucket/k?versionId=a+b=", { bucket: "bucket", key: "k", versionId: "a+b=" }],
		["s3://data--usw2-az1--x-s3/k", { bucket: "data--usw2-az1--x-s3", key: "k" }],
		[`s3://${POINT}/a/b`, { bucket: POINT, region: "eu-west-1", key: "a/b" }],
		[
			"s3://arn:aws-cn:s3:cn-north-1:123456789012:accesspoint:reader/k?versionId=1",
			{
				bucket: "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint:reader",
				region: "cn-north-1",
				key: "k",
				versionId: "1",
			},
		],
	])("reads %s", (uri, location) => {
		expect(parseS3Uri(uri)).toEqual(location);
	});

	it.each([
		["s3://", "valid bucket"],
		["s3:///key", "valid bucket"],
		["s3://b/key", "valid bucket"],
		["s3://us3r:s3cret@bucket/key", "valid bucket"],
		["s3://bucket:80/key", "valid bucket"],
		["s3://b%75cket/key", "valid bucket"],
		["s3://../key", "valid bucket"],
		["s3://bucket", "no key"],
		["s3://bucket/", "no key"],
		["s3://bucket?versionId=1", "no key"],
		["s3://bucket/a%zz", "%25"],
		["s3://bucket/100%", "%25"],
		["s3://bucket/%FF", "%25"],
		["s3://bucket/a?b", "%3F"],
		["s3://bucket/a?versionId=", "%3F"],
		["s3://bucket/a?versionId=%zz", "%3F"],
		["s3://bucket/a?versionId=1&versionId=2", "%3F"],
		["s3://bucket/a?partNumber=1", "%3F"],
		["s3://bucket/a#b", "%23"],
		["s3://bucket/a?versionId=1#b", "%23"],
		["s3://bucket/%00", "character"],
		["s3://bucket/..", "only dots"],
		["s3://bucket/a/./b", "only dots"],
		["s3://bucket/a%2F%2E%2E/b", "only dots"],
		[`s3://bucket/${"k".repeat(1025)}`, "1024"],
		[`s3://${POINT}`, "no key"],
		["s3://arn:aws:s3:::bucket/key", "ARN"],
		["s3://arn:aws:s3::123456789012:accesspoint/alias.mrap/key", "ARN"],
		["s3://arn:aws:s3:eu-west-1:123456789012:bucket/key", "ARN"],
	])("refuses %s with a reason", (uri, reason) => {
		expect(parseS3Uri(uri)).toEqual({ reason: expect.stringContaining(reason) });
	});
});

describe("parseS3Url", () => {
	const place = { bucket: "bucket", key: "a/key" };
	const region = "eu-west-1";

	it.each([
		["https://bucket.s3.eu-west-1.amazonaws.com/a/key", { ...place, region }],
		["HTTPS://Bucket.S3.EU-West-1.AmazonAWS.com:443/a/key", { ...place, region }],
		["https://bucket.s3.amazonaws.com/a/key", place],
		["https://bucket.s3-eu-west-1.amazonaws.com/a/key", { ...place, region }],
		["https://bucket.s3-external-1.amazonaws.com/a/key", place],
		["https://s3.eu-west-1.amazonaws.com/bucket/a/key", { ...place, region }],
		["https://s3-eu-west-1.amazonaws.com/bucket/a/key", { ...place, region }],
		["https://s3.amazonaws.com/bucket/a/key", place],
		["https://s3.amazonaws.com/Old_Bucket/a/key", { ...place, bucket: "Old_Bucket" }],
		["https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a/key", { ...place, region, dualstack: true }],
		["https://s3.dualstack.eu-west-1.amazonaws.com/bucket/a/key", { ...place, region, dualstack: true }],
		["https://bucket.s3-fips.us-east-2.amazonaws.com/a/key", { ...place, region: "us-east-2", fips: true }],
		[
			"https://s3-fips.us-gov-west-1.amazonaws.com/bucket/a/key",
			{ ...place, region: "us-gov-west-1", fips: true },
		],
		[
			"https://s3-fips-us-gov-west-1.amazonaws.com/bucket/a/key",
			{ ...place, region: "us-gov-west-1", fips: true },
		],
		[
			"https://bucket.s3-fips.dualstack.ca-central-1.amazonaws.com/a/key",
			{ ...place, region: "ca-central-1", fips: true, dualstack: true },
		],
		["https://bucket.s3.cn-north-1.amazonaws.com.cn/a/key", { ...place, region: "cn-north-1" }],
		["https://s3.cn-northwest-1.amazonaws.com.cn/bucket/a/key", { ...place, region: "cn-northwest-1" }],
		["https://bucket.s3.eusc-de-east-1.amazonaws.eu/a/key", { ...place, region: "eusc-de-east-1" }],
		["https://my.dotted.s3.eu-west-1.amazonaws.com/a/key", { ...place, bucket: "my.dotted", region }],
		["https://a.s3.s3.eu-west-1.amazonaws.com/a/key", { ...place, bucket: "a.s3", region }],
		["https://reader-alias-s3alias.s3.amazonaws.com/k", { bucket: "reader-alias-s3alias", key: "k" }],
		[
			"https://reader-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/a/key",
			{ ...place, bucket: POINT, region },
		],
		[
			"https://my-reader-123456789012.s3-accesspoint-fips.dualstack.us-gov-east-1.amazonaws.com/a/key",
			{
				bucket: "arn:aws-us-gov:s3:us-gov-east-1:123456789012:accesspoint/my-reader",
				key: "a/key",
				region: "us-gov-east-1",
				fips: true,
				dualstack: true,
			},
		],
		[
			"https://reader-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn/a/key",
			{
				bucket: "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/reader",
				key: "a/key",
				region: "cn-north-1",
			},
		],
		["https://bucket.s3.amazonaws.com/a/key?versionId=v%2B1", { ...place, versionId: "v+1" }],
		["https://bucket.s3.amazonaws.com/a/key?x-id=GetObject", place],
		["https://bucket.s3.amazonaws.com/a+b%20c%2Fd%252F", { bucket: "bucket", key: "a+b c/d%2F" }],
		["https://bucket.s3.amazonaws.com//a//b", { bucket: "bucket", key: "/a//b" }],
		["https://s3.amazonaws.com/bucket//a", { bucket: "bucket", key: "/a" }],
	])("reads %s", (url, location) => {
		expect(parseS3Url(url)).toEqual(location);
	});

	it.each([
		["https://bucket.s3.amazonaws.com", "no key"],
		["https://s3.amazonaws.com/bucket", "no key"],
		["https://s3.amazonaws.com/", "valid bucket"],
		["https://s3.amazonaws.com/%zz/key", "valid bucket"],
		["https://s3.amazonaws.com/b%2Fc/key", "valid bucket"],
		["https://bucket.s3.amazonaws.com/a/../b", "only dots"],
		["https://bucket.s3.amazonaws.com/a/%2e%2e/b", "only dots"],
		["https://bucket.s3.amazonaws.com/a?partNumber=2", "%3F"],
		["https://bucket.s3.amazonaws.com/a#b", "%23"],
		["https://bucket.s3-accelerate.amazonaws.com/a", "s3://bucket/key"],
		["https://bucket.s3-accelerate.dualstack.amazonaws.com/a", "s3://bucket/key"],
		["https://alias.accesspoint.s3-global.amazonaws.com/a", "s3://bucket/key"],
		["https://point-123456789012.s3-object-lambda.eu-west-1.amazonaws.com/a", "s3://bucket/key"],
		["https://b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/a", "s3://bucket/key"],
	])("refuses %s with a reason", (url, reason) => {
		expect(parseS3Url(url)).toEqual({ reason: expect.stringContaining(reason) });
	});

	const SIGNED = "https://bucket.s3.eu-west-1.amazonaws.com/key";
	it.each([
		`${SIGNED}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b&X-Amz-Signature=c`,
		`${SIGNED}?versionId=1&X-Amz-Signature=c`,
		`${SIGNED}?x-amz-credential=c`,
		`${SIGNED}?AWSAccessKeyId=a&Signature=b&Expires=1`,
		"https://bucket.s3-accelerate.amazonaws.com/key?X-Amz-Signature=c",
		"http://bucket.s3.eu-west-1.amazonaws.com/key",
		"https://user:pass@bucket.s3.eu-west-1.amazonaws.com/key",
		"https://bucket.s3.eu-west-1.amazonaws.com:8443/key",
		"https://bucket.s3.eu-west-1.amazonaws.com./key",
		"https://bucket.s3-website-us-east-1.amazonaws.com/key",
		"https://bucket.s3-website.eu-central-1.amazonaws.com/key",
		"https://bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com/key",
		"https://sts.eu-west-1.amazonaws.com/key",
		"https://d111.execute-api.eu-west-1.amazonaws.com/s3/key",
		"https://s3.amazonaws.com.evil.example/bucket/key",
		"https://bucket.s3.amazonaws.com.evil.example/key",
		"https://evils3.amazonaws.com/bucket/key",
		"https://bucket.evils3.eu-west-1.amazonaws.com/key",
		"https://s3.evilamazonaws.com/bucket/key",
		"https://s3.eu-west-1.amazonaws.com.org/bucket/key",
		"https://evil.example/https://s3.amazonaws.com/bucket/key",
		"https://evil.example\\@s3.amazonaws.com/bucket/key",
		"https://evil.example?.s3.amazonaws.com/bucket/key",
		"https://evil.example#.s3.amazonaws.com/bucket/key",
		"https://s3.amazonaws.com@evil.example/bucket/key",
		"https://s3.amazonaws.com\\.evil.example/bucket/key",
		"https://s3.amazon\taws.com/bucket/key",
		"https://minio.internal/bucket/key",
	])("leaves %s to be an ordinary URL", (url) => {
		expect(parseS3Url(url)).toBeUndefined();
	});
});

const key = fc
	.string({ unit: "grapheme", minLength: 1, maxLength: 60 })
	.filter((text) => s3LocationProblem({ bucket: "bucket", key: text }) === undefined);
const bucket = fc.stringMatching(/^[a-z][a-z0-9-]{1,20}[a-z]$/);
const hosts = fc.constantFrom(
	["s3.amazonaws.com", {}],
	["s3.eu-west-1.amazonaws.com", { region: "eu-west-1" }],
	["s3-us-west-2.amazonaws.com", { region: "us-west-2" }],
	["s3.dualstack.ap-south-1.amazonaws.com", { region: "ap-south-1", dualstack: true }],
	["s3-fips.us-east-1.amazonaws.com", { region: "us-east-1", fips: true }],
	["s3.cn-north-1.amazonaws.com.cn", { region: "cn-north-1" }],
) as fc.Arbitrary<[string, object]>;

describe("every location", () => {
	it("comes back from its address: any key, any bucket, s3:// and https, either style", () => {
		fc.assert(
			fc.property(bucket, key, hosts, fc.option(key), (name, text, [host, variant], version) => {
				const path = text.split("/").map(encodeURIComponent).join("/");
				const query = version === null ? "" : `?versionId=${encodeURIComponent(version)}`;
				const location = { bucket: name, key: text, ...(version !== null && { versionId: version }) };
				expect(parseS3Uri(`s3://${name}/${path}${query}`)).toEqual(location);
				expect(parseS3Url(`https://${host}/${name}/${path}${query}`)).toEqual({ ...location, ...variant });
				expect(parseS3Url(`https://${name}.${host}/${path}${query}`)).toEqual({ ...location, ...variant });
			}),
		);
	});

	it("is never found below a name that is not AWS's", () => {
		fc.assert(
			fc.property(fc.domain(), hosts, (domain, [host]) => {
				fc.pre(!/amazonaws\.(com|eu|com\.cn)$/.test(domain));
				expect(parseS3Host(domain)).toBeUndefined();
				expect(parseS3Host(`${host}.${domain}`)).toBeUndefined();
				expect(parseS3Url(`https://${host}.${domain}/bucket/key`)).toBeUndefined();
			}),
		);
	});
});
