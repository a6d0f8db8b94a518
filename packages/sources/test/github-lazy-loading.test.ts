import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type GithubStage, live, openGithub } from "./github-stage.js";

const loads = vi.hoisted(() => new Map<string, number>());

function counted(name: string) {
	return (importOriginal: () => Promise<object>) => {
		loads.set(name, (loads.get(name) ?? 0) + 1);
		return importOriginal();
	};
}

vi.mock("@octokit/rest", counted("@octokit/rest"));
vi.mock("@octokit/auth-app", counted("@octokit/auth-app"));
vi.mock("@aws-sdk/client-s3", counted("@aws-sdk/client-s3"));
vi.mock("@gitbeaker/rest", counted("@gitbeaker/rest"));

describe("Octokit", () => {
	let stage: GithubStage;
	afterEach(() => stage.close());

	it("is loaded by the first read and by nothing before it, its App plugin by an App only", async () => {
		stage = await openGithub(Buffer.from("{}"));
		expect([...loads.keys()]).toEqual([]);
		await stage.source.read(undefined, live());
		await stage.source.read(undefined, live());
		expect(Object.fromEntries(loads)).toEqual({ "@octokit/rest": 1 });
		const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
		await stage.failure({ app: { id: 1, installationId: 2, privateKey: pem } });
		expect(Object.fromEntries(loads)).toEqual({ "@octokit/rest": 1, "@octokit/auth-app": 1 });
	});
});
