import { randomBytes } from "node:crypto";
import { GcpKmsServer, gcpRefusal } from "@clef-sh/testkit/gcp-kms-server";
import { behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { OAuth2Client } from "google-auth-library";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { GcpKeyWrapper } from "../src/index.js";
import { HURRIED } from "./aws-stage.js";
import { refusal } from "./refusal.js";

const KEY = "projects/acme/locations/europe-west6/keyRings/agents/cryptoKeys/secrets";
const dataKey = new Uint8Array(randomBytes(32));

/** A KMS with a key, and the environment of a machine whose service account may encrypt with it. */
async function gcpKms(): Promise<GcpKmsServer> {
	const server = await GcpKmsServer.start();
	onTestFinished(() => {
		vi.unstubAllEnvs();
		return server.close();
	});
	server.addVersion(KEY);
	server.attached = server.addServiceAccount(KEY, "useToEncrypt", "useToDecrypt");
	for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, "");
	vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "");
	vi.stubEnv("CLOUDSDK_CONFIG", "/nowhere");
	for (const [name, value] of Object.entries(server.metadataEnvironment())) vi.stubEnv(name, value);
	return server;
}

/** A client that has its token already. */
function client(): OAuth2Client {
	return new OAuth2Client({ credentials: { access_token: "t", expiry_date: Date.now() + 3_600_000 } });
}

function wrapper(server: { readonly url: string }, name = KEY): GcpKeyWrapper {
	return new GcpKeyWrapper(name, { endpoint: server.url, ...HURRIED });
}

const kmsRequests = ({ requests }: GcpKmsServer) => requests.filter(({ url }) => url.startsWith("/v1/"));

/** The encryption that a test answers by itself. */
function answered(data: object) {
	const request = vi.fn(async () => ({ data }));
	return { request, wrapping: new GcpKeyWrapper(KEY, { client: { request }, ...HURRIED }).wrap(dataKey) };
}

const GOOD = {
	name: `${KEY}/cryptoKeyVersions/1`,
	ciphertext: Buffer.from("123456789").toString("base64"),
	ciphertextCrc32c: String(0xe3069283),
	verifiedPlaintextCrc32c: true,
};

describe("GcpKeyWrapper", () => {
	it("wraps with application default credentials, with one request, naming the key without its version", async () => {
		const server = await gcpKms();
		const { keyId, wrappedKey, algorithm } = await wrapper(server).wrap(dataKey);
		expect({ keyId, algorithm }).toEqual({ keyId: KEY, algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" });
		expect(wrappedKey.length).toBeGreaterThan(32);
		expect(kmsRequests(server)).toHaveLength(1);
		expect(kmsRequests(server)[0]?.url).toBe(`/v1/${KEY}:encrypt`);
		expect(JSON.parse(kmsRequests(server)[0]?.body ?? "")).toEqual({
			plaintext: Buffer.from(dataKey).toString("base64"),
			plaintextCrc32c: expect.stringMatching(/^\d+$/),
		});
	});

	it("asks for the version it is told to, and packs the key that decrypts them all", async () => {
		const server = await gcpKms();
		server.respondWith((_request, response) => {
			const name = `${KEY}/cryptoKeyVersions/3`;
			response.setHeader("content-type", "application/json").end(JSON.stringify({ ...GOOD, name }));
		});
		const name = `${KEY}/cryptoKeyVersions/3`;
		const wrapping = new GcpKeyWrapper(name, { client: client(), endpoint: server.url });
		expect((await wrapping.wrap(dataKey)).keyId).toBe(KEY);
		expect(server.requests[0]?.url).toBe(`/v1/${name}:encrypt`);
	});

	it("asks Google's own API unless told otherwise", async () => {
		const request = vi.fn(async () => ({ data: GOOD }));
		await new GcpKeyWrapper(KEY, { client: { request } }).wrap(dataKey);
		expect(request).toHaveBeenCalledWith(
			expect.objectContaining({ url: `https://cloudkms.googleapis.com/v1/${KEY}:encrypt`, retry: false }),
		);
	});

	it("takes an answer whose checksums hold", async () => {
		const { wrapping } = answered(GOOD);
		expect(Buffer.from((await wrapping).wrappedKey).toString()).toBe("123456789");
	});

	it.each([
		["does not have the checksum it states", { ciphertextCrc32c: "1" }],
		["does not have the checksum it states", { ciphertextCrc32c: undefined }],
		["does not confirm the checksum that was sent", { verifiedPlaintextCrc32c: false }],
		["does not confirm the checksum that was sent", { verifiedPlaintextCrc32c: undefined }],
		["names another key", { name: `${KEY}-other/cryptoKeyVersions/1` }],
		["is not an encryption", { ciphertext: 7 }],
		["is not an encryption", { name: undefined }],
	])("refuses an answer that %s: %j", async (how, changes) => {
		const { wrapping, request } = answered({ ...GOOD, ...changes });
		const error = await refusal(() => wrapping);
		expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: true });
		expect(error.message).toBe(
			`The answer of Google Cloud KMS ${how}; try again, and check proxies on the way.`,
		);
		expect(request).toHaveBeenCalledTimes(3);
	});
});

describe("GcpKeyWrapper says in one sentence that", () => {
	it("access is denied", async () => {
		const server = await gcpKms();
		server.attached = server.addServiceAccount(KEY, "useToDecrypt");
		const error = await refusal(() => wrapper(server).wrap(dataKey));
		expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: false });
		expect(error.message).toBe(
			`Google Cloud KMS could not encrypt with ${KEY}: access is denied (PERMISSION_DENIED); grant roles/cloudkms.cryptoKeyEncrypter on the key, and enable cloudkms.googleapis.com in its project.`,
		);
		expect(error.cause).toBeUndefined();
	});

	it("the version is disabled", async () => {
		const server = await gcpKms();
		server.setState(KEY, 1, "DISABLED");
		const { message } = await refusal(() => wrapper(server).wrap(dataKey));
		expect(message).toMatch(/: the key cannot encrypt \(FAILED_PRECONDITION\); check that its purpose/);
	});

	it("there is no such key", async () => {
		const server = await gcpKms();
		server.attached = server.addServiceAccount(`${KEY}-gone`, "useToEncrypt");
		const { message } = await refusal(() => wrapper(server, `${KEY}-gone`).wrap(dataKey));
		expect(message).toMatch(/: there is no such key \(NOT_FOUND\); check project, location/);
	});

	it.each([
		[
			401,
			"UNAUTHENTICATED",
			/the credentials are not accepted \(UNAUTHENTICATED\); set GOOGLE_APP/,
			false,
			1,
		],
		[429, "RESOURCE_EXHAUSTED", /the quota is used up \(RESOURCE_EXHAUSTED\); try again/, true, 3],
		[503, "UNAVAILABLE", /the service failed on its side \(UNAVAILABLE\); try again/, true, 3],
	])("it answered %d", async (status, code, message, retryable, requests) => {
		const server = await gcpKms();
		server.respondWith(gcpRefusal(status, code));
		const wrapping = new GcpKeyWrapper(KEY, { client: client(), endpoint: server.url, ...HURRIED });
		const error = await refusal(() => wrapping.wrap(dataKey));
		expect(error.retryable).toBe(retryable);
		expect(error.message).toMatch(message);
		expect(server.requests).toHaveLength(requests);
	});

	it("no credentials are found", async () => {
		const server = await gcpKms();
		vi.stubEnv("METADATA_SERVER_DETECTION", "none");
		vi.stubEnv("HOME", "/nowhere");
		const error = await refusal(() => wrapper(server).wrap(dataKey));
		expect(error.retryable).toBe(false);
		expect(error.message).toMatch(/no Google credentials were found or obtained; set GOOGLE_APPLICATION/);
	});

	it("a login was withdrawn", async () => {
		const server = await gcpKms();
		server.respondWith(
			behaviours.status(400, { "content-type": "application/json" }, '{"error":"invalid_grant"}'),
		);
		const wrapping = new GcpKeyWrapper(KEY, { client: client(), endpoint: server.url, ...HURRIED });
		const { message } = await refusal(() => wrapping.wrap(dataKey));
		expect(message).toMatch(/no Google credentials were found or obtained;/);
	});

	it("nobody listens", async () => {
		const endpoint = await deadOrigin();
		const wrapping = new GcpKeyWrapper(KEY, { client: client(), endpoint, ...HURRIED });
		const error = await refusal(() => wrapping.wrap(dataKey));
		expect(error.retryable).toBe(true);
		expect(error.message).toMatch(
			/no connection came about \(ECONNREFUSED\); check the network and HTTPS_PROXY/,
		);
	});
});
