import { describe, expect, it, vi } from "vitest";
import { s3Server, s3Source } from "./s3-stage.js";

const loaded = vi.hoisted(() => [] as string[]);

vi.mock("@aws-sdk/client-s3", (original) => {
	loaded.push("@aws-sdk/client-s3");
	return original();
});
vi.mock("@octokit/rest", (original) => {
	loaded.push("@octokit/rest");
	return original();
});
vi.mock("@octokit/auth-app", (original) => {
	loaded.push("@octokit/auth-app");
	return original();
});
vi.mock("@gitbeaker/rest", (original) => {
	loaded.push("@gitbeaker/rest");
	return original();
});
vi.mock("@gitbeaker/requester-utils", (original) => {
	loaded.push("@gitbeaker/requester-utils");
	return original();
});

describe("an S3 source", () => {
	it("loads the AWS SDK with its first read and not before, and no other host's", async () => {
		await s3Server();
		const source = s3Source();
		expect(loaded).toEqual([]);
		await source.read(undefined, new AbortController().signal);
		expect(loaded).toEqual(["@aws-sdk/client-s3"]);
	});
});
