import { startGitlab } from "@clef-sh/testkit/gitlab-server";
import { expect, it, onTestFinished, vi } from "vitest";
import { createSource } from "../src/index.js";

const loads = vi.hoisted((): string[] => []);

vi.mock("@gitbeaker/rest", (importOriginal) => {
	loads.push("@gitbeaker/rest");
	return importOriginal();
});
vi.mock("@octokit/rest", (importOriginal) => {
	loads.push("@octokit/rest");
	return importOriginal();
});
vi.mock("@aws-sdk/client-s3", (importOriginal) => {
	loads.push("@aws-sdk/client-s3");
	return importOriginal();
});

it("Gitbeaker is loaded by the first read and by nothing before it, and no other SDK with it", async () => {
	const server = await startGitlab({ isPublic: true });
	onTestFinished(() => server.close());
	server.commit(".clef/packed/api/production.age.json", Buffer.from("{}"));
	const place = { repo: "acme/platform/secrets", identity: "api", environment: "production" };
	const source = createSource({ kind: "gitlab", ...place, apiUrl: server.url });
	expect(loads).toEqual([]);
	await source.read(undefined, new AbortController().signal);
	await source.read(undefined, new AbortController().signal);
	expect(loads).toEqual(["@gitbeaker/rest"]);
});
