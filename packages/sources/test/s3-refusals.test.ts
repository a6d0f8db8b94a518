import { s3Refusal } from "@clef-sh/testkit/s3-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it } from "vitest";
import { BUCKET, failureOf, KEY, s3Server, s3Source, stubAws } from "./s3-stage.js";

describe("S3Source's errors", () => {
	it("tell a missing bucket, key and version apart", async () => {
		const server = await s3Server();
		const messages = [
			await failureOf(s3Source({ bucket: "other-bucket" })),
			await failureOf(s3Source({ key: "api/prodcution.age.json" })),
			await failureOf(s3Source({ versionId: "unknown" })),
		].map(({ code, message }) => `${code}: ${message}`);
		expect(messages).toEqual([
			expect.stringMatching(/^SOURCE_NOT_FOUND: .*bucket that does not exist/),
			expect.stringMatching(/^SOURCE_NOT_FOUND: .*check the key/),
			expect.stringMatching(/^SOURCE_NOT_FOUND: .*no such version/),
		]);
		const marker = server.delete(BUCKET, KEY);
		const deleted = await failureOf(s3Source({ versionId: marker }));
		expect(deleted).toMatchObject({ code: "SOURCE_NOT_FOUND" });
		expect(deleted.message).toContain("delete marker");
	});

	it("say what permission a missing key may stand for", async () => {
		const server = await s3Server();
		server.mayList = false;
		const error = await failureOf(s3Source({ key: "missing" }));
		expect(error.code).toBe("SOURCE_UNAUTHORIZED");
		expect(error.message).toContain("s3:GetObject");
		expect(error.message).toContain("s3:ListBucket");
		expect(error.message).toContain("kms:Decrypt");
	});

	it("say that an archived object is archived", async () => {
		const server = await s3Server();
		server.put(BUCKET, KEY, "{}", { archived: true });
		const error = await failureOf(s3Source());
		expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
		expect(error.message).toContain("Glacier");
	});

	it.each([
		[400, "ExpiredToken", "SOURCE_UNAUTHORIZED", "AWS_SESSION_TOKEN"],
		[403, "InvalidAccessKeyId", "SOURCE_UNAUTHORIZED", "AWS_ACCESS_KEY_ID"],
		[400, "KMS.DisabledException", "SOURCE_UNAUTHORIZED", "kms:Decrypt"],
		[400, "AuthorizationHeaderMalformed", "SOURCE_BAD_RESPONSE", "AWS_REGION"],
		[400, "RequestTimeout", "SOURCE_UNREACHABLE", "in time"],
		[400, "InvalidRequest", "SOURCE_BAD_RESPONSE", "400"],
		[404, "SomethingNew", "SOURCE_NOT_FOUND", "AWS_ENDPOINT_URL_S3"],
		[401, "SomethingNew", "SOURCE_UNAUTHORIZED", "credentials"],
		[418, "s3cret", "SOURCE_BAD_RESPONSE", "418"],
	])("T27 say of %i %s what to check, in their own words", async (status, code, expected, hint) => {
		const server = await s3Server();
		server.respondWith(s3Refusal(status, code));
		const error = await failureOf(s3Source());
		expect(error.code).toBe(expected);
		expect(error.message).toContain(hint);
		expect(printed(error)).not.toMatch(/as tests say it|s3cret|AKIA/);
		expect(error).not.toHaveProperty("$metadata");
		expect(error).not.toHaveProperty("cause");
	});

	it.each(["", "<html>", "no xml at all", "<a>&x;</a>", '{"json":1}', "<Error><Code><b/></Code></Error>"])(
		"judge a refusal whose body is %j by its status",
		async (body) => {
			const server = await s3Server();
			server.respondWith(behaviours.status(403, {}, body));
			expect(await failureOf(s3Source())).toMatchObject({ code: "SOURCE_UNAUTHORIZED" });
		},
	);

	it("name the variables where the SDK cannot make a request of them", async () => {
		await s3Server();
		stubAws({ AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AWS_REGION: "not a region" });
		const error = await failureOf(s3Source());
		expect(error).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
		expect(error.message).toContain("AWS_REGION");
	});
});
