import { gzipSync } from "node:zlib";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { S3Server, s3Refusal } from "@clef-sh/testkit/s3-server";
import { behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { describeSourceConformance, type Stage } from "@clef-sh/testkit/source-conformance";
import { describe, expect, it, vi } from "vitest";
import { createSource } from "../src/index.js";
import { BUCKET, contentOf, failureOf, KEY, live, s3Server, s3Source, stubAws } from "./s3-stage.js";

const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };

interface S3Stage extends Stage {
	readonly server: S3Server;
	readonly timers: HandFiredTimers;

	/** The origin the next request goes to instead, when set. */
	detour: string | undefined;
}

async function openStage(bytes: Uint8Array): Promise<S3Stage> {
	const server = await S3Server.start();
	server.put(BUCKET, KEY, bytes);
	stubAws(server.environment());
	const timers = new HandFiredTimers();
	const source = createSource(
		{ kind: "s3", bucket: BUCKET, key: KEY, maxBytes: 1000, timeouts: TIMEOUTS },
		{
			timers,
			fetch: (input, init) => fetch(String(input).replace(server.url, stage.detour ?? server.url), init),
		},
	);
	const { accessKeyId, secretAccessKey } = server.credentials;
	const stage: S3Stage = {
		source,
		secrets: [accessKeyId, secretAccessKey, "Signature", "x-id="],
		server,
		timers,
		detour: undefined,
		close: () => {
			vi.unstubAllEnvs();
			return server.close();
		},
	};
	return stage;
}

describeSourceConformance<S3Stage>("s3", {
	open: openStage,
	hold: (stage, bytes) => {
		stage.detour = undefined;
		stage.server.put(BUCKET, KEY, bytes);
		stage.server.behaveWell();
	},
	faults: {
		notFound: ({ server }) => void server.delete(BUCKET, KEY),
		unauthorized: ({ server }) => server.respondWith(s3Refusal(403, "AccessDenied")),
		rateLimited: ({ server }) => server.respondWith(s3Refusal(503, "SlowDown")),
		failing: ({ server }) => server.respondWith(s3Refusal(500, "InternalError")),
		unreachable: async (stage) => {
			stage.detour = await deadOrigin();
		},
		timeout: ({ server, timers }) => {
			server.respondWith(behaviours.silence());
			const set = timers.nextSet(TIMEOUTS.headersMs);
			return async () => {
				await set;
				timers.fire(TIMEOUTS.headersMs);
			};
		},
		tooLarge: ({ server }) => void server.put(BUCKET, KEY, Buffer.alloc(1001)),
		redirected: ({ server }) =>
			server.respondWith(behaviours.redirect("http://169.254.169.254/latest/?s1gned")),
		cutShort: ({ server }) => server.respondWith(behaviours.cutShort('{"version":')),
		wrongContent: ({ server }) => server.respondWith(behaviours.html()),
	},
});

describe("S3Source", () => {
	it("asks once, path style below an endpoint of one's own, signed, for the key as it is", async () => {
		const server = await s3Server();
		const key = "a b/ü+%2F&=?#'(x)*!~:@$,;\\/ .json";
		server.put(BUCKET, key, "{}");
		await s3Source({ key }).read(undefined, live());
		expect(server.requests).toHaveLength(1);
		const [request] = server.requests;
		expect(request?.url).toMatch(/^\/artifacts\/a%20b\/%C3%BC%2B%252F%26%3D%3F%23%27%28x%29%2A%21~/);
		expect(request?.headers.authorization).toContain("/us-east-1/s3/aws4_request");
		expect(request?.headers).not.toHaveProperty("if-none-match");
	});

	it("finds nothing changed with one request and no body", async () => {
		const server = await s3Server();
		const source = s3Source();
		const first = await source.read(undefined, live());
		const validator = first.kind === "modified" ? first.validator : undefined;
		expect(validator?.etag).toMatch(/^"[0-9a-f]{32}"$/);
		expect(await source.read(validator, live())).toEqual({ kind: "unmodified" });
		expect(server.requests[1]?.headers["if-none-match"]).toBe(validator?.etag);
		expect(server.answers).toEqual([
			{ status: 200, bodyBytes: 13 },
			{ status: 304, bodyBytes: 0 },
		]);
	});

	it("gives no validator where the server gives no entity tag", async () => {
		const server = await s3Server();
		server.respondWith(behaviours.ok("{}", { etag: null }));
		expect(await s3Source().read(undefined, live())).not.toHaveProperty("validator");
	});

	it("reads one version of an object, and says which in its description", async () => {
		const server = await s3Server();
		const versionId = server.put(BUCKET, KEY, "second");
		server.put(BUCKET, KEY, "third");
		const source = s3Source({ versionId });
		expect(await contentOf(source)).toBe("second");
		expect(source.description).toBe(`s3://${BUCKET}/${KEY} at version ${versionId}`);
	});

	it("reads empty objects, and bytes that are no text", async () => {
		const server = await s3Server();
		const bytes = Buffer.from([0, 255, 254, 13, 10, 0xef, 0xbb, 0xbf]);
		server.put(BUCKET, "binary", bytes);
		server.put(BUCKET, "empty", "");
		expect(await contentOf(s3Source({ key: "binary" }))).toBe(bytes.toString("latin1"));
		expect(await contentOf(s3Source({ key: "empty" }))).toBe("");
	});

	it("refuses bytes that do not have the checksum they came with", async () => {
		const server = await s3Server();
		const wrong = Buffer.alloc(32).toString("base64");
		server.put(BUCKET, KEY, "{}", { headers: { "x-amz-checksum-sha256": wrong } });
		expect(await failureOf(s3Source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE", retryable: false });
	});

	it.each([
		["CRC-64/NVME, S3's default", "crc64nvme", "rosUhgp5mIg=", "AAAAAAAAAAA="],
		["CRC-32", "crc32", "y/Q5Jg==", "AAAAAA=="],
		["CRC-32C", "crc32c", "4waSgw==", "AAAAAA=="],
	])("checks the bytes by %s", async (_, algorithm, right, wrong) => {
		const server = await s3Server();
		const sum = (value: string) => ({ headers: { [`x-amz-checksum-${algorithm}`]: value } });
		server.respondWith(behaviours.ok("123456789", sum(right)));
		expect(await contentOf(s3Source())).toBe("123456789");
		server.respondWith(behaviours.ok("123456789", sum(wrong)));
		expect(await failureOf(s3Source())).toMatchObject({ code: "SOURCE_BAD_RESPONSE" });
		server.respondWith(behaviours.ok("123456789", sum(`${wrong}-3`))); // of the parts of an upload
		expect(await contentOf(s3Source())).toBe("123456789");
	});

	it.each(["PermanentRedirect", "AuthorizationHeaderMalformed"] as const)(
		"asks again where the bucket is, once, and remembers it: %s",
		async (answer) => {
			const server = await s3Server({ region: "eu-central-1" });
			server.wrongRegion = answer;
			stubAws({ ...server.environment(), AWS_REGION: "us-west-2" });
			const source = s3Source();
			for (let i = 0; i < 2; i++) await source.read(undefined, live());
			expect(server.answers.map(({ status }) => status)).toEqual([expect.any(Number), 200, 200]);
		},
	);

	it("takes us-east-1 where nothing names a region", async () => {
		const server = await s3Server();
		const { AWS_REGION, ...rest } = server.environment();
		stubAws(rest);
		expect(AWS_REGION).toBe("us-east-1");
		expect(await s3Source().read(undefined, live())).toMatchObject({ kind: "modified" });
	});

	it("asks AWS itself by virtual host, and an access point by its ARN, dual stack and FIPS as told", async () => {
		stubAws({ AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s" });
		const asked: string[] = [];
		const answering: typeof fetch = async (input) => {
			asked.push(String(input));
			return new Response("{}");
		};
		const bucket = "arn:aws:s3:eu-west-1:123456789012:accesspoint/reader";
		const places = [
			{ bucket: BUCKET, region: "eu-west-1" },
			{ bucket: BUCKET, region: "us-gov-west-1", dualstack: true, fips: true },
			{ bucket: BUCKET, region: "cn-north-1" },
			{ bucket: "dotted.bucket", region: "eu-west-1" },
			{ bucket, region: "eu-west-1" },
		];
		for (const place of places) {
			const source = createSource({ kind: "s3", key: "k", ...place }, { fetch: answering });
			await source.read(undefined, live());
		}
		expect(asked.map((url) => url.replace("?x-id=GetObject", ""))).toEqual([
			"https://artifacts.s3.eu-west-1.amazonaws.com/k",
			"https://artifacts.s3-fips.dualstack.us-gov-west-1.amazonaws.com/k",
			"https://artifacts.s3.cn-north-1.amazonaws.com.cn/k",
			"https://s3.eu-west-1.amazonaws.com/dotted.bucket/k",
			"https://reader-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/k",
		]);
		vi.unstubAllEnvs();
	});

	it("inflates what is kept compressed, whose checksum is of what is kept", async () => {
		const server = await s3Server();
		const headers = { "content-encoding": "gzip", "x-amz-checksum-sha256": "b2YgdGhlIGdpcCBmaWxl" };
		const gzipped = gzipSync("{}");
		server.respondWith(behaviours.status(200, headers, gzipped));
		expect(await contentOf(s3Source())).toBe("{}");
	});

	it("prints nothing, and leaves the environment as it was", async () => {
		const server = await s3Server();
		const prints = (["log", "warn", "error", "info", "debug"] as const).map((name) =>
			vi.spyOn(console, name),
		);
		const warnings = vi.spyOn(process, "emitWarning");
		vi.stubEnv("AWS_PROFILE", "also-set");
		const before = { ...process.env };
		await failureOf(s3Source());
		server.respondWith(behaviours.status(500, { "content-type": "application/xml" }, "<not xml"));
		vi.stubEnv("AWS_PROFILE", undefined);
		delete before.AWS_PROFILE;
		expect(process.env).toEqual(before);
		vi.stubEnv("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "1");
		await failureOf(s3Source());
		for (const print of [...prints, warnings]) expect(print).not.toHaveBeenCalled();
		expect(process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED).toBe("1");
		vi.restoreAllMocks();
	});
});
