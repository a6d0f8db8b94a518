import { randomBytes } from "node:crypto";
import { type DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { AzureKeyVaultServer, azureRefusal } from "@clef-sh/testkit/azure-key-vault-server";
import { type Behaviour, behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { beforeAll, beforeEach, describe, expect, expectTypeOf, it, onTestFinished, vi } from "vitest";
import { type AzureCredential, AzureKeyUnwrapper } from "../src/azure-key-unwrapper.js";
import { calm, rejection } from "./verified.js";

const PACE = { attemptMs: 10_000, totalMs: 30_000, pauseMs: () => 0 };
const TOKEN = "token-not-for-logs";
const dataKey = randomBytes(32);
const missing = () =>
	Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));

// Real SDKs and RSA keys on a busy machine take longer than the usual limit, without anything being wrong.
vi.setConfig({ testTimeout: 30_000 });

/** Where tokens come from in all tests, as the SDK remembers the first place it found for a whole process. */
let identity: AzureKeyVaultServer;

beforeAll(async () => {
	// Loaded here, as that can take longer than a test may.
	await import("@azure/keyvault-keys");
	identity = await AzureKeyVaultServer.start();
	return () => identity.close();
}, 60_000);

beforeEach(() => {
	for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, "");
	return () => vi.unstubAllEnvs();
});

/** A vault with a key, and the environment of an App Service whose identity may unwrap with it. */
async function vault() {
	const server = await AzureKeyVaultServer.start();
	onTestFinished(() => server.close());
	for (const [name, value] of Object.entries(identity.environment())) vi.stubEnv(name, value);
	return { server, keyId: server.addVersion("secrets") };
}

/** What brings requests for a vault to another origin, as late as possible: the SDK insists on https. */
function redirected(origin: string): object {
	const policy = {
		name: "to-the-fake",
		sendRequest: async (
			request: { url: string; allowInsecureConnection?: boolean },
			next: (request: object) => Promise<unknown>,
		) => {
			const { url } = request;
			request.url = origin + url.slice(new URL(url).origin.length);
			request.allowInsecureConnection = true;
			try {
				return await next(request);
			} finally {
				request.url = url;
			}
		},
	};
	return { additionalPolicies: [{ policy, position: "perRetry" }] };
}

function unwrapper(origin: string, credential?: AzureCredential, pace = PACE): AzureKeyUnwrapper {
	const clientOptions = redirected(origin);
	return new AzureKeyUnwrapper(credential ? { clientOptions, credential } : { clientOptions }, { pace });
}

const knownToken: AzureCredential = {
	getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

const wrapped = (server: AzureKeyVaultServer, keyId: string, algorithm = "RSA-OAEP-256") => ({
	keyId,
	algorithm,
	wrappedKey: server.wrap(keyId, dataKey, algorithm),
});

const vaultRequests = ({ requests }: AzureKeyVaultServer) =>
	requests.filter(({ url }) => url.startsWith("/keys/")).map(({ method, url }) => `${method} ${url}`);

/** A vault that gives these answers, and what came of asking it. */
async function refused(...answers: readonly [Behaviour, ...Behaviour[]]) {
	const { server, keyId } = await vault();
	server.respondWith(...answers);
	const error = await rejection(unwrapper(server.url, knownToken).unwrap(wrapped(server, keyId), calm));
	return { error, server };
}

describe("AzureKeyUnwrapper", () => {
	it("unwraps with the default credential, without getting the key", async () => {
		const { server, keyId } = await vault();
		expect(await unwrapper(server.url).unwrap(wrapped(server, keyId), calm)).toEqual(dataKey);
		const path = `${new URL(keyId).pathname}/unwrapkey?api%2Dversion=`;
		// The first one has no token, and is answered with the challenge.
		expect(vaultRequests(server)).toEqual([
			expect.stringContaining(`POST ${path}`),
			expect.stringContaining(`POST ${path}`),
		]);
		expect(server.requests.find(({ url }) => url.startsWith("/keys/"))?.body).toBe("");
	});

	it("keeps the token and the challenge", async () => {
		const { server, keyId } = await vault();
		const azure = unwrapper(server.url);
		await azure.unwrap(wrapped(server, keyId), calm);
		await azure.unwrap(wrapped(server, keyId), calm);
		expect(vaultRequests(server)).toHaveLength(3);
		expect(identity.requests.length).toBeLessThanOrEqual(1);
	});

	it("unwraps with another key of the same vault, and then with the first again", async () => {
		const { server, keyId } = await vault();
		const other = server.addVersion("other");
		const azure = unwrapper(server.url);
		for (const id of [keyId, other, keyId]) {
			expect(await azure.unwrap(wrapped(server, id), calm)).toEqual(dataKey);
		}
	});

	it.each(["RSA-OAEP", "RSA-OAEP-256"])("unwraps %s", async (algorithm) => {
		const { server, keyId } = await vault();
		const key = wrapped(server, keyId, algorithm);
		expect(await unwrapper(server.url).unwrap(key, calm)).toEqual(dataKey);
		expect(JSON.parse(String(server.requests.at(-1)?.body))).toMatchObject({ alg: algorithm });
	});

	it.each(["A128KW", "A192KW", "A256KW"])("asks for %s, which a managed HSM has", async (algorithm) => {
		const { server, keyId } = await vault();
		const key = { ...wrapped(server, keyId), algorithm };
		await rejection(unwrapper(server.url).unwrap(key, calm));
		expect(JSON.parse(String(server.requests.at(-1)?.body))).toMatchObject({ alg: algorithm });
	});

	it.each(["", "rsa", "RSA1_5", "toString"])("takes %j for RSA-OAEP-256", async (algorithm) => {
		const { server, keyId } = await vault();
		const key = { ...wrapped(server, keyId), algorithm };
		expect(await unwrapper(server.url).unwrap(key, calm)).toEqual(dataKey);
	});

	it("unwraps with the latest version where the key id names none", async () => {
		const { server, keyId } = await vault();
		const versionless = keyId.slice(0, keyId.lastIndexOf("/"));
		const key = { ...wrapped(server, keyId), keyId: versionless };
		expect(await unwrapper(server.url).unwrap(key, calm)).toEqual(dataKey);
		expect(vaultRequests(server).at(-1)).toContain("POST /keys/secrets//unwrapkey");
	});

	it("takes a credential that is handed in, and does not load @azure/identity", async () => {
		const { server, keyId } = await vault();
		const loadIdentity = vi.fn();
		const credential = new ManagedIdentityCredential();
		const azure = new AzureKeyUnwrapper(
			{ credential, clientOptions: redirected(server.url) },
			{ loadIdentity, pace: PACE },
		);
		expect(await azure.unwrap(wrapped(server, keyId), calm)).toEqual(dataKey);
		expect(loadIdentity).not.toHaveBeenCalled();
		expectTypeOf<DefaultAzureCredential>().toExtend<AzureCredential>();
	});

	it.each([
		"https://secrets.vault.azure.net.evil.example/keys/k",
		"https://evil.example/keys/k",
		"http://team.vault.azure.net/keys/k",
		"https://user@team.vault.azure.net/keys/k",
		"https://team.vault.azure.net/secrets/k",
	])("A15 refuses the key id %j before anything is loaded or asked", async (keyId) => {
		const loadKeys = vi.fn();
		const azure = new AzureKeyUnwrapper({}, { loadKeys });
		const key = { keyId, wrappedKey: new Uint8Array(256), algorithm: "RSA-OAEP-256" };
		expect(await rejection(azure.unwrap(key, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
		});
		expect(loadKeys).not.toHaveBeenCalled();
	});

	it("says which packages are missing", async () => {
		const { server, keyId } = await vault();
		const without = async (edge: object) =>
			rejection(new AzureKeyUnwrapper({}, { ...edge, pace: PACE }).unwrap(wrapped(server, keyId), calm));
		expect(await without({ loadKeys: missing })).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			message: expect.stringContaining("npm install @azure/keyvault-keys @azure/identity"),
		});
		expect(await without({ loadIdentity: missing })).toMatchObject({
			message: expect.stringContaining("npm install @azure/identity"),
		});
	});

	it("ends when the caller aborts, without a second attempt", async () => {
		const { server, keyId } = await vault();
		const controller = new AbortController();
		const key = wrapped(server, keyId);
		server.respondWith((_request, _response) => controller.abort(new RangeError("stopped")));
		const azure = unwrapper(server.url, knownToken);
		expect(await rejection(azure.unwrap(key, controller.signal))).toEqual(new RangeError("stopped"));
		expect(server.requests).toHaveLength(1);
	});
});

describe("when Azure Key Vault refuses, one sentence says what to check:", () => {
	it("denied", async () => {
		const { server, keyId } = await vault();
		server.permissions.clear();
		const error = await rejection(unwrapper(server.url).unwrap(wrapped(server, keyId), calm));
		expect(error).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: `${server.vaultUrl} denied unwrapKey with ${keyId}; grant keys/unwrapKey on it (role Key Vault Crypto Service Encryption User).`,
		});
		expect(error).not.toHaveProperty("cause");
		server.permissions.add("unwrapKey");
		expect(await unwrapper(server.url).unwrap(wrapped(server, keyId), calm)).toEqual(dataKey);
	});

	it("disabled", async () => {
		const { server, keyId } = await vault();
		server.enable("secrets", false);
		const error = await rejection(unwrapper(server.url).unwrap(wrapped(server, keyId), calm));
		expect(String(error)).toContain(`${keyId} is disabled; enable it`);
	});

	it("deleted", async () => {
		const { server, keyId } = await vault();
		const key = wrapped(server, keyId);
		server.delete("secrets");
		const error = await rejection(unwrapper(server.url).unwrap(key, calm));
		expect(String(error)).toContain("or it is deleted; recover it");
	});

	it("another version wrapped it", async () => {
		const { server, keyId } = await vault();
		const key = { ...wrapped(server, server.addVersion("secrets")), keyId };
		const error = await rejection(unwrapper(server.url).unwrap(key, calm));
		expect(error).toMatchObject({ retryable: false });
		expect(String(error)).toContain("does not unwrap the data key");
	});

	it.each([
		["throttled", azureRefusal(429, "Throttled"), /throttles requests \(429\)/, true],
		["failing", azureRefusal(503, "ServiceUnavailable"), /answered 503/, true],
		["a firewall", azureRefusal(403, "Forbidden", "ForbiddenByFirewall"), /firewall .* networking/, false],
		["a private link", azureRefusal(403, "Forbidden", "ForbiddenByConnection"), /firewall/, false],
		["a 503 without a word", behaviours.status(503), /answered 503/, true],
		["an unexpected status", azureRefusal(418, "Teapot"), /answered 418/, false],
		["a 401 without a challenge", azureRefusal(401, "Unauthorized"), /did not accept the Azure/, false],
		["a proxy's refusal", behaviours.status(407), /HTTPS_PROXY answered 407/, false],
		["a page instead of an answer", behaviours.html(), /is not an Azure vault's/, false],
		["a forged challenge", challengeFor("https://evil.example"), /is not an Azure vault's/, false],
		["cut off", behaviours.cutShort('{"kid":'), /could not be reached/, true],
	] as const)("%s", async (_name, behaviour, message, retryable) => {
		const { error, server } = await refused(behaviour);
		expect(error).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED", retryable });
		expect(String(error)).toMatch(message);
		expect(String(error)).not.toContain(TOKEN);
		expect(server.requests).toHaveLength(retryable ? 3 : 1);
		for (const { headers } of server.requests) expect(headers).not.toHaveProperty("authorization");
	});

	it("recovers from throttling within one unwrap", async () => {
		const { server, keyId } = await vault();
		server.respondWith(azureRefusal(429, "Throttled"));
		const pauseMs = () => {
			server.behaveWell();
			return 0;
		};
		const azure = unwrapper(server.url, undefined, { ...PACE, pauseMs });
		expect(await azure.unwrap(wrapped(server, keyId), calm)).toEqual(dataKey);
	});

	it("unreachable", async () => {
		const { server, keyId } = await vault();
		const azure = unwrapper(await deadOrigin(), knownToken);
		expect(await rejection(azure.unwrap(wrapped(server, keyId), calm))).toMatchObject({
			retryable: true,
			message: expect.stringContaining("could not be reached (ECONNREFUSED)"),
		});
	});

	it("slow", async () => {
		const { server, keyId } = await vault();
		const azure = unwrapper(server.url, knownToken, { ...PACE, attemptMs: 100 });
		const key = wrapped(server, keyId);
		server.respondWith(behaviours.silence());
		expect(await rejection(azure.unwrap(key, calm))).toMatchObject({
			retryable: true,
			message: expect.stringContaining("did not answer in time"),
		});
	});
});

describe("when there are no good Azure credentials", () => {
	it("says what to set", async () => {
		const { server, keyId } = await vault();
		identity.respondWith(behaviours.status(400, {}, '{"message":"No managed identity was found."}'));
		onTestFinished(() => identity.behaveWell());
		// An identity that no test before has a token of, as the SDK keeps tokens for a whole process.
		vi.stubEnv("AZURE_CLIENT_ID", "99999999-2222-3333-4444-555555555555");
		expect(await rejection(unwrapper(server.url).unwrap(wrapped(server, keyId), calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: expect.stringMatching(/^No usable Azure credentials were found; set AZURE_TENANT_ID/),
		});
	});

	it("says that AZURE_TOKEN_CREDENTIALS is wrong, without its value", async () => {
		const { server, keyId } = await vault();
		vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "hunter2");
		const { message } = Object(await rejection(unwrapper(server.url).unwrap(wrapped(server, keyId), calm)));
		expect(message).toMatch(/^AZURE_TOKEN_CREDENTIALS names no Azure credential/);
		expect(message).not.toContain("hunter2");
	});

	it.each([
		[503, true, /answered 503/],
		[429, true, /answered 429/],
		[400, false, /No usable Azure credentials/],
	])("tells what Microsoft Entra answers, such as %s", async (statusCode, retryable, message) => {
		const { server, keyId } = await vault();
		const credential = {
			getToken: () =>
				Promise.reject(Object.assign(new Error(TOKEN), { name: "AuthenticationError", statusCode })),
		};
		const error = await rejection(unwrapper(server.url, credential).unwrap(wrapped(server, keyId), calm));
		expect(error).toMatchObject({ retryable });
		expect(String(error)).toMatch(message);
		expect(String(error)).not.toContain(TOKEN);
	});
});

function challengeFor(resource: string): Behaviour {
	const header = `Bearer authorization="https://login.microsoftonline.com/t", resource="${resource}"`;
	return behaviours.status(401, { "www-authenticate": header }, "{}");
}
