import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { s3Refusal, webIdentityAnswer } from "@clef-sh/testkit/s3-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { printed } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSource } from "../src/index.js";
import { BUCKET, contentOf, failureOf, KEY, live, s3Server, s3Source, stubAws } from "./s3-stage.js";
import { temporaryDirectory } from "./temporary-directory.js";

const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };

async function folder(): Promise<string> {
	const { path, remove } = await temporaryDirectory();
	onTestFinished(remove);
	return path;
}

describe("S3Source's credentials", () => {
	it("are not needed for a public object, nor looked for again while that works", async () => {
		const server = await s3Server();
		server.put(BUCKET, KEY, "{}", { public: true });
		stubAws({ AWS_ENDPOINT_URL_S3: server.url });
		const source = s3Source();
		const first = await source.read(undefined, live());
		expect(first).toMatchObject({ kind: "modified" });
		expect(await source.read(first.kind === "modified" ? first.validator : {}, live())).toEqual({
			kind: "unmodified",
		});
		for (const { headers } of server.requests) expect(headers).not.toHaveProperty("authorization");
	});

	it("are missed in words where a private object needs them, and found when they come", async () => {
		const server = await s3Server();
		stubAws({ AWS_ENDPOINT_URL_S3: server.url });
		const source = s3Source();
		const error = await failureOf(source);
		expect(error.code).toBe("SOURCE_UNAUTHORIZED");
		expect(error.message).toContain("no AWS credentials were found");
		stubAws(server.environment());
		expect(await source.read(undefined, live())).toMatchObject({ kind: "modified" });
	});

	it("are read from their file again after they were refused", async () => {
		const server = await s3Server();
		const file = join(await folder(), "credentials");
		const write = (secret: string) =>
			writeFileSync(
				file,
				`[default]\naws_access_key_id = ${server.credentials.accessKeyId}\naws_secret_access_key = ${secret}\n`,
			);
		stubAws({ AWS_ENDPOINT_URL_S3: server.url, AWS_SHARED_CREDENTIALS_FILE: file });
		write("0utdated");
		const source = s3Source();
		const error = await failureOf(source);
		expect(error).toMatchObject({ code: "SOURCE_UNAUTHORIZED", retryable: false });
		expect(error.message).toContain("AWS_SECRET_ACCESS_KEY");
		expect(printed(error)).not.toContain("0utdated");
		write(server.credentials.secretAccessKey);
		expect(await source.read(undefined, live())).toMatchObject({ kind: "modified" });
	});

	it("may be handed in, with a session token", async () => {
		const server = await s3Server({
			credentials: { accessKeyId: "AKID", secretAccessKey: "s", sessionToken: "t" },
		});
		stubAws({ AWS_ENDPOINT_URL_S3: server.url });
		const { credentials } = server;
		expect(await s3Source({ credentials }).read(undefined, live())).toMatchObject({ kind: "modified" });
		const provider = async () => credentials;
		expect(await s3Source({ credentials: provider }).read(undefined, live())).toMatchObject({
			kind: "modified",
		});
	});

	it("come from a web identity, through the same bounded fetch", async () => {
		const server = await s3Server();
		const { accessKeyId, secretAccessKey } = server.credentials;
		const sts = await s3Server();
		const file = join(await folder(), "token");
		writeFileSync(file, "web.identity.token");
		stubAws({
			AWS_ENDPOINT_URL_S3: server.url,
			AWS_ENDPOINT_URL_STS: sts.url,
			AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/reader",
			AWS_WEB_IDENTITY_TOKEN_FILE: file,
			AWS_MAX_ATTEMPTS: "1",
		});
		server.credentials = { accessKeyId, secretAccessKey, sessionToken: "t" };
		sts.respondWith(s3Refusal(403, "AccessDenied"), s3Refusal(500, "InternalFailure"), behaviours.silence());
		const timers = new HandFiredTimers();
		const source = createSource({ kind: "s3", bucket: BUCKET, key: KEY, timeouts: TIMEOUTS }, { timers });
		const refused = await failureOf(source);
		expect(refused.code).toBe("SOURCE_UNAUTHORIZED");
		expect(refused.message).toContain("AWS_ROLE_ARN");
		expect(await failureOf(source)).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
		const set = timers.nextSet(TIMEOUTS.headersMs);
		const late = failureOf(source);
		await set;
		timers.fire(TIMEOUTS.headersMs);
		expect((await late).message).toMatch(/^127\.0\.0\.1 did not answer/);
		sts.respondWith(webIdentityAnswer(server.credentials));
		expect(await source.read(undefined, live())).toMatchObject({ kind: "modified" });
		expect(sts.requests.at(-1)?.body).toContain("WebIdentityToken=web.identity.token");
	});

	it("are refused where the clock is wrong, and used with S3's time from then on", async () => {
		const server = await s3Server({ now: () => Date.now() + 1_000_000 });
		const source = s3Source();
		const error = await failureOf(source);
		expect(error.code).toBe("SOURCE_UNAUTHORIZED");
		expect(error.message).toContain("clock");
		expect(server.requests).toHaveLength(1);
		expect(await contentOf(source)).toBe('{"version":1}');
	});
});
