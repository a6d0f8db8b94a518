import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GcpKmsServer, gcpRefusal } from "@clef-sh/testkit/gcp-kms-server";
import { type Behaviour, behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { GoogleAuth, OAuth2Client } from "google-auth-library";
import { beforeEach, describe, expect, expectTypeOf, it, onTestFinished, vi } from "vitest";
import { type GcpClient, GcpKeyUnwrapper } from "../src/gcp-key-unwrapper.js";
import { calm, rejection } from "./verified.js";

const KEY = "projects/acme/locations/europe-west6/keyRings/agents/cryptoKeys/secrets";
const OTHER_KEY = `${KEY}-other`;
const PACE = { attemptMs: 10_000, totalMs: 30_000, pauseMs: () => 0 };
const dataKey = randomBytes(32);

// A real SDK and an RSA key on a busy machine take longer than the usual limit, without anything being wrong.
vi.setConfig({ testTimeout: 30_000 });

beforeEach(() => {
	for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, "");
	vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "");
	vi.stubEnv("CLOUDSDK_CONFIG", "/nowhere");
	return () => vi.unstubAllEnvs();
});

/** A KMS with a key, and the environment of a machine whose service account may decrypt with it. */
async function kms(): Promise<GcpKmsServer> {
	const server = await GcpKmsServer.start();
	onTestFinished(() => server.close());
	server.addVersion(KEY);
	server.attached = server.addServiceAccount(KEY, "useToDecrypt");
	for (const [name, value] of Object.entries(server.metadataEnvironment())) vi.stubEnv(name, value);
	return server;
}

function unwrapper(server: GcpKmsServer, pace = PACE): GcpKeyUnwrapper {
	return new GcpKeyUnwrapper({ endpoint: server.url }, { pace });
}

function wrapped(server: GcpKmsServer, keyId = KEY) {
	return { keyId, wrappedKey: server.wrap(KEY, dataKey), algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" };
}

/** A KMS whose good behaviour is replaced by these answers, behind a client that has its token already. */
async function refused(...answers: readonly [Behaviour, ...Behaviour[]]) {
	const server = await kms();
	server.respondWith(...answers);
	const client = new OAuth2Client({
		credentials: { access_token: "t", expiry_date: Date.now() + 3_600_000 },
	});
	const key = wrapped(server);
	const error = await rejection(
		new GcpKeyUnwrapper({ client, endpoint: server.url }, { pace: PACE }).unwrap(key, calm),
	);
	return { error, server };
}

const kmsRequests = ({ requests }: GcpKmsServer) => requests.filter(({ url }) => url.startsWith("/v1/"));

describe("GcpKeyUnwrapper", () => {
	it("unwraps with application default credentials, asking once", async () => {
		const server = await kms();
		expect(await unwrapper(server).unwrap(wrapped(server), calm)).toEqual(dataKey);
		expect(kmsRequests(server)).toHaveLength(1);
		expect(kmsRequests(server)[0]?.url).toBe(`/v1/${KEY}:decrypt`);
		expect(JSON.parse(String(kmsRequests(server)[0]?.body))).toEqual({
			ciphertext: expect.any(String),
			ciphertextCrc32c: expect.stringMatching(/^\d+$/),
		});
	});

	it("asks for the scope of the KMS alone, and keeps the token", async () => {
		const server = await kms();
		const gcp = unwrapper(server);
		await gcp.unwrap(wrapped(server), calm);
		await gcp.unwrap(wrapped(server), calm);
		const asked = server.requests.filter(({ url }) => url.startsWith("/computeMetadata/"));
		expect(asked.map(({ url }) => new URL(url, server.url).searchParams.get("scopes"))).toEqual([
			"https://www.googleapis.com/auth/cloudkms",
		]);
	});

	it("unwraps what an earlier version wrapped, though the key id names the version", async () => {
		const server = await kms();
		const key = wrapped(server, `${KEY}/cryptoKeyVersions/1`);
		server.addVersion(KEY);
		expect(await unwrapper(server).unwrap(key, calm)).toEqual(dataKey);
	});

	it("takes a client that is handed in, and loads nothing", async () => {
		const server = await kms();
		const client: GcpClient = {
			request: async () => ({ data: { plaintext: "AAAA", plaintextCrc32c: "1617434878" } }),
		};
		const load = vi.fn();
		const wrong = new GcpKeyUnwrapper({ client }, { load, pace: PACE });
		expect(await rejection(wrong.unwrap(wrapped(server), calm))).toMatchObject({
			message: expect.stringContaining("wrong checksum"),
		});
		expect(load).not.toHaveBeenCalled();
		expectTypeOf<GoogleAuth>().toExtend<GcpClient>();
		expectTypeOf<OAuth2Client>().toExtend<GcpClient>();
	});

	it("uses a GoogleAuth of the application's", async () => {
		const server = await kms();
		const client = new GoogleAuth({
			scopes: "https://www.googleapis.com/auth/cloud-platform",
			projectId: "p",
		});
		const gcp = new GcpKeyUnwrapper({ client, endpoint: server.url }, { pace: PACE });
		expect(await gcp.unwrap(wrapped(server), calm)).toEqual(dataKey);
	});

	it("discards a data key whose checksum is wrong, and tries again", async () => {
		const server = await kms();
		let answers = 0;
		server.checksum = (right) => (answers++ === 0 ? "1" : right);
		expect(await unwrapper(server).unwrap(wrapped(server), calm)).toEqual(dataKey);
		expect(kmsRequests(server)).toHaveLength(2);
	});

	it("gives up on a data key whose checksum stays wrong", async () => {
		const server = await kms();
		server.checksum = () => "1";
		expect(await rejection(unwrapper(server).unwrap(wrapped(server), calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: true,
			message: expect.stringContaining("damaged on its way"),
		});
	});

	it("sends a checksum that the KMS checks", async () => {
		const server = await kms();
		const key = wrapped(server);
		const client = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloudkms", projectId: "p" });
		const damaging: GcpClient = {
			request: (options) =>
				client.request({ ...options, data: { ...options.data, ciphertext: key.wrappedKey.toString("hex") } }),
		};
		const gcp = new GcpKeyUnwrapper({ client: damaging, endpoint: server.url }, { pace: PACE });
		expect(await rejection(gcp.unwrap(key, calm))).toMatchObject({
			message: expect.stringContaining("damaged"),
		});
	});

	it.each(["https://evil.example/key", "gcp-kms://projects/p", `${KEY}/..`, ""])(
		"A15 refuses the key id %j before anything is loaded or asked",
		async (keyId) => {
			const load = vi.fn();
			const gcp = new GcpKeyUnwrapper({}, { load });
			expect(await rejection(gcp.unwrap({ ...wrapped(await kms()), keyId }, calm))).toMatchObject({
				code: "DECRYPT_UNWRAP_FAILED",
				retryable: false,
			});
			expect(load).not.toHaveBeenCalled();
		},
	);

	it("says which package is missing", async () => {
		const load = async () => {
			throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
		};
		const gcp = new GcpKeyUnwrapper({}, { load, pace: PACE });
		expect(await rejection(gcp.unwrap(wrapped(await kms()), calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			message: expect.stringContaining("npm install google-auth-library"),
		});
	});

	it("lets a package fail that is there but broken", async () => {
		const broken = new SyntaxError("Unexpected token");
		const gcp = new GcpKeyUnwrapper({}, { load: () => Promise.reject(broken), pace: PACE });
		expect(await rejection(gcp.unwrap(wrapped(await kms()), calm))).toBe(broken);
	});

	it("ends when the caller aborts, without a second attempt", async () => {
		const server = await kms();
		const key = wrapped(server);
		const gcp = unwrapper(server);
		const controller = new AbortController();
		server.respondWith((_request, _response) => controller.abort(new RangeError("stopped")));
		expect(await rejection(gcp.unwrap(key, controller.signal))).toEqual(new RangeError("stopped"));
		expect(server.requests).toHaveLength(1);
	});
});

describe("when Google Cloud KMS refuses, one sentence says what to check:", () => {
	it("denied", async () => {
		const server = await kms();
		const gcp = unwrapper(server);
		await gcp.unwrap(wrapped(server), calm);
		if (server.attached !== undefined) server.denyAll(server.attached);
		const error = await rejection(gcp.unwrap(wrapped(server), calm));
		expect(error).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: `Google Cloud KMS denied decryption with ${KEY}; grant cloudkms.cryptoKeyVersions.useToDecrypt (role roles/cloudkms.cryptoKeyDecrypter) on it.`,
		});
		expect(error).not.toHaveProperty("cause");
		expect(kmsRequests(server)).toHaveLength(2);
	});

	it.each(["DISABLED", "DESTROYED"] as const)("%s", async (state) => {
		const server = await kms();
		const key = wrapped(server);
		server.setState(KEY, 1, state);
		expect(await rejection(unwrapper(server).unwrap(key, calm))).toMatchObject({
			retryable: false,
			message: expect.stringContaining("disabled or destroyed; enable it"),
		});
		server.setState(KEY, 1, "ENABLED");
		expect(await unwrapper(server).unwrap(key, calm)).toEqual(dataKey);
	});

	it("another key wrapped it", async () => {
		const server = await kms();
		server.addVersion(OTHER_KEY);
		const key = { ...wrapped(server), wrappedKey: server.wrap(OTHER_KEY, dataKey) };
		expect(await rejection(unwrapper(server).unwrap(key, calm))).toMatchObject({
			retryable: false,
			message: expect.stringContaining("does not unwrap the data key"),
		});
	});

	it.each([
		["not found", gcpRefusal(404, "NOT_FOUND"), /has no key .*check its project, location/, false],
		["throttled", gcpRefusal(429, "RESOURCE_EXHAUSTED"), /throttles .* quota/, true],
		["failing", gcpRefusal(503, "UNAVAILABLE"), /answered 503/, true],
		["an unexpected status", gcpRefusal(418, "TEAPOT"), /answered 418/, false],
		["a page instead of an answer", behaviours.html(), /answered without a plaintext/, true],
		["a proxy's refusal", behaviours.status(407), /HTTPS_PROXY answered 407/, false],
		["a redirect", behaviours.redirect("/elsewhere"), /could not be reached/, true],
		["the API switched off", disabledApi(), /API is disabled .* enable cloudkms\.googleapis\.com/, false],
		["cut off", behaviours.cutShort('{"plaintext":'), /could not be reached \(\w+\)/, true],
		["an endless answer", behaviours.endless(), /could not be reached/, true],
	] as const)("%s", async (_name, behaviour, message, retryable) => {
		const { error, server } = await refused(behaviour);
		expect(error).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED", retryable });
		expect(String(error)).toMatch(message);
		expect(server.requests).toHaveLength(retryable ? 3 : 1);
	});

	it("unreachable", async () => {
		const server = await kms();
		const client = new OAuth2Client({
			credentials: { access_token: "t", expiry_date: Date.now() + 3_600_000 },
		});
		const gcp = new GcpKeyUnwrapper({ client, endpoint: await deadOrigin() }, { pace: PACE });
		expect(await rejection(gcp.unwrap(wrapped(server), calm))).toMatchObject({
			retryable: true,
			message: expect.stringContaining("could not be reached (ECONNREFUSED)"),
		});
	});

	it("slow", async () => {
		const server = await kms();
		const key = wrapped(server);
		const gcp = unwrapper(server, { ...PACE, attemptMs: 100 });
		server.respondWith(behaviours.silence());
		expect(await rejection(gcp.unwrap(key, calm))).toMatchObject({
			retryable: true,
			message: expect.stringContaining("did not answer in time"),
		});
	});

	it("credentials that the KMS does not know, once", async () => {
		const { error } = await refused(gcpRefusal(401, "UNAUTHENTICATED"));
		expect(error).toMatchObject({
			retryable: false,
			message: expect.stringContaining("did not accept the Google credentials"),
		});
	});
});

describe("when there are no good credentials", () => {
	it("says where they are looked for", async () => {
		const server = await kms();
		vi.stubEnv("METADATA_SERVER_DETECTION", "none");
		vi.stubEnv("GCE_METADATA_HOST", "");
		expect(await rejection(unwrapper(server).unwrap(wrapped(server), calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: expect.stringMatching(/^No usable Google credentials were found; check GOOGLE_APPLICATION_/),
		});
		expect(server.requests).toEqual([]);
	});

	it("names what is wrong with the key file, and not its path", async () => {
		const server = await kms();
		vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/hunter2.json");
		const { message } = Object(await rejection(unwrapper(server).unwrap(wrapped(server), calm)));
		expect(message).toContain("(ENOENT)");
		expect(message).not.toContain("hunter2");
	});

	it("D38 reads a key file again that was wrong before", async () => {
		const server = await kms();
		const folder = await mkdtemp(join(tmpdir(), "gcp-"));
		onTestFinished(() => rm(folder, { recursive: true }));
		const file = join(folder, "key.json");
		writeFileSync(file, "{}");
		vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
		const gcp = unwrapper(server);
		expect(await rejection(gcp.unwrap(wrapped(server), calm))).toMatchObject({
			message: expect.stringContaining("No usable Google credentials"),
		});
		vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "");
		expect(await gcp.unwrap(wrapped(server), calm)).toEqual(dataKey);
	});

	it("tells what a metadata server refuses from what the KMS refuses", async () => {
		const server = await kms();
		const metadata = await GcpKmsServer.start();
		onTestFinished(() => metadata.close());
		vi.stubEnv("GCE_METADATA_HOST", new URL(metadata.url).host);
		expect(await rejection(unwrapper(server).unwrap(wrapped(server), calm))).toMatchObject({
			retryable: false,
			message: expect.stringContaining("Google credentials were refused (404)"),
		});
		expect(server.requests).toEqual([]);
	});

	it("gets new ones after the KMS did not know the old", async () => {
		const server = await kms();
		const gcp = unwrapper(server);
		await gcp.unwrap(wrapped(server), calm);
		server.respondWith(gcpRefusal(401, "UNAUTHENTICATED"));
		await rejection(gcp.unwrap(wrapped(server), calm));
		server.behaveWell();
		expect(await gcp.unwrap(wrapped(server), calm)).toEqual(dataKey);
		expect(server.requests.filter(({ url }) => url.startsWith("/computeMetadata/"))).toHaveLength(2);
	});
});

function disabledApi(): Behaviour {
	return gcpRefusal(403, "PERMISSION_DENIED", {
		"@type": "type.googleapis.com/google.rpc.ErrorInfo",
		reason: "SERVICE_DISABLED",
	});
}
