import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceOptionsFromLocation } from "../src/index.js";

describe("sourceOptionsFromLocation", () => {
	it.each([
		["/etc/clef/artifact.age.json", "/etc/clef/artifact.age.json"],
		["artifact.age.json", "artifact.age.json"],
		["./a/../b.json", "./a/../b.json"],
		["  /with/space around \n", "/with/space around"],
		["odd:name.json", "odd:name.json"],
		["./x://y", "./x://y"],
		["a b?c#d", "a b?c#d"],
		["file:///etc/a%20b.json", "/etc/a b.json"],
		["file://localhost/etc/a.json", "/etc/a.json"],
		["file:/etc/a.json", "/etc/a.json"],
		["FILE:///etc/a.json", "/etc/a.json"],
	])("reads %j as the file %j", (location, path) => {
		expect(sourceOptionsFromLocation(location)).toEqual({ kind: "file", path });
	});

	it.each([
		"https://host.example/a?X-Amz-Signature=a%2Bb&c=d#e",
		"http://127.0.0.1:8080/a",
		"HTTPS://user:pa55@host.example/",
		"https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Signature=1",
	])("keeps %j as it was written", (url) => {
		expect(sourceOptionsFromLocation(` ${url} `)).toEqual({ kind: "http", url });
	});

	it.each([
		["s3://bucket/a%20b?versionId=1", { bucket: "bucket", key: "a b", versionId: "1" }],
		[
			"https://bucket.s3-fips.dualstack.us-west-2.amazonaws.com/k",
			{ bucket: "bucket", key: "k", region: "us-west-2", dualstack: true, fips: true },
		],
	])("reads %j as an object in S3", (location, place) => {
		expect(sourceOptionsFromLocation(location)).toEqual({ kind: "s3", ...place });
	});

	it.each([
		["", "empty"],
		["  ", "empty"],
		["/a\0b", "NUL"],
		["s3://bucket", "no key"],
		["https://bucket.s3.amazonaws.com/", "no key"],
		["s3:/bucket/key", "valid bucket"],
		["ftp://host/file", "ftp: is not a kind of source"],
		["data:application/json,{}", "data: is not a kind of source"],
		["gopher://host", "gopher: is not a kind of source"],
		["https:/host/file", "not a valid https:// URL"],
		["http:host", "not a valid http:// URL"],
		["https://", "not a valid https:// URL"],
		["https:///a", "not a valid https:// URL"],
		["https://us3r:s3cret@:99999/?s3cret", "not a valid https:// URL"],
		["file://nas/share/a.json", "names a host"],
		["file:relative.json", "not a valid file:// URL"],
		["file:///a?b", "%3F"],
		["file:///a#b", "%23"],
		["file:///a%2Fb", "encoded slash"],
		["file:///a%00b", "NUL"],
		["file:///a%zzb", "bad % sequence"],
	])("refuses %j with a reason", (location, reason) => {
		const result = sourceOptionsFromLocation(location);
		expect(result).toMatchObject({ kind: "unsupported", reason: expect.stringContaining(reason) });
	});

	it("T27 never quotes a refused location", () => {
		const scheme = fc.constantFrom("https:/", "ftp://", "s3://", "file://h/", "file:///%00", "data:");
		fc.assert(
			fc.property(scheme, (prefix) => {
				const result = sourceOptionsFromLocation(`${prefix}us3r:s3cret@x/?s3cret`);
				expect(result.kind).toBe("unsupported");
				expect(JSON.stringify(result)).not.toMatch(/s3cret|us3r/);
			}),
		);
	});

	it("answers something for every text, and takes every absolute path as it is", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), (text) => {
				expect(["file", "http", "s3", "unsupported"]).toContain(sourceOptionsFromLocation(text).kind);
				const path = `/${text}x`.replaceAll("\0", "");
				expect(sourceOptionsFromLocation(path)).toEqual({ kind: "file", path });
			}),
		);
	});
});
