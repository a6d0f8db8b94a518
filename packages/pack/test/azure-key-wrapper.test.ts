import { randomBytes } from "node:crypto";
import { AzureKeyVaultServer, azureRefusal } from "@clef-sh/testkit/azure-key-vault-server";
import { deadOrigin } from "@clef-sh/testkit/servers";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { AzureKeyWrapper } from "../src/index.js";
import { HURRIED } from "./aws-stage.js";
import { refusal } from "./refusal.js";

const dataKey = new Uint8Array(randomBytes(32));
const KEY = "https://team-secrets.vault.azure.net/keys/secrets";

/** A vault with a key, and the environment of an App Service whose identity may wrap with it. */
async function vault() {
	const server = await AzureKeyVaultServer.start();
	onTestFinished(() => {
		vi.unstubAllEnvs();
		return server.close();
	});
	for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, "");
	for (const [name, value] of Object.entries(server.environment())) vi.stubEnv(name, value);
	server.permissions.add("wrapKey");
	return { server, keyId: server.addVersion("secrets") };
}

interface Request {
	url: string;
	allowInsecureConnection?: boolean;
}

/** Brings requests for the vault to another origin, as late as possible: the SDK insists on https. */
function redirected(origin: string): object {
	const sendRequest = async (request: Request, next: (request: object) => Promise<unknown>) => {
		const { url } = request;
		request.url = origin + url.slice(new URL(url).origin.length);
		request.allowInsecureConnection = true;
		try {
			return await next(request);
		} finally {
			request.url = url;
		}
	};
	return { additionalPolicies: [{ policy: { name: "to-the-fake", sendRequest }, position: "perRetry" }] };
}

function wrapper({ url }: { readonly url: string }, keyUrl = KEY): AzureKeyWrapper {
	return new AzureKeyWrapper(keyUrl, { clientOptions: redirected(url), ...HURRIED });
}

const knownToken = {
	getToken: async () => ({ token: "t", expiresOnTimestamp: Date.now() + 3_600_000 }),
};

/** Somebody who answers for the vault, always the same. */
async function answeredWith(behaviour: ReturnType<typeof azureRefusal>) {
	const { server } = await vault();
	server.respondWith(behaviour);
	const options = { clientOptions: redirected(server.url), credential: knownToken, ...HURRIED };
	return { wrapping: new AzureKeyWrapper(KEY, options).wrap(dataKey), server };
}

const vaultRequests = ({ requests }: AzureKeyVaultServer) =>
	requests.filter(({ url }) => url.startsWith("/keys/"));

describe("AzureKeyWrapper", () => {
	it("wraps with the default credential and packs the version that did it", async () => {
		const { server } = await vault();
		const latest = server.addVersion("secrets");
		const { keyId, wrappedKey, algorithm } = await wrapper(server).wrap(dataKey);
		expect({ keyId, algorithm }).toEqual({ keyId: latest, algorithm: "RSA-OAEP-256" });
		expect(wrappedKey).toHaveLength(256);
		const { alg, value } = JSON.parse(vaultRequests(server).at(-1)?.body ?? "");
		expect(alg).toBe("RSA-OAEP-256");
		expect(Buffer.from(value, "base64url")).toEqual(Buffer.from(dataKey));
	});

	it("needs no permission to read the key, and asks for nothing but the wrapping", async () => {
		const { server } = await vault();
		await wrapper(server).wrap(dataKey);
		// The first is unauthorized by design: it brings the challenge that says whose tokens are taken.
		const paths = vaultRequests(server).map(({ method, url }) => `${method} ${url.split("?")[0]}`);
		expect(paths).toEqual(["POST /keys/secrets//wrapkey", "POST /keys/secrets//wrapkey"]);
		expect(server.permissions.has("get")).toBe(false);
	});

	it("wraps with the version it is told to", async () => {
		const { server, keyId } = await vault();
		server.addVersion("secrets");
		const wrapping = wrapper(server, keyId);
		expect((await wrapping.wrap(dataKey)).keyId).toBe(keyId);
		expect((await wrapping.wrap(dataKey)).keyId).toBe(keyId);
	});

	it.each([
		[{}, KEY],
		[{ kid: KEY }, KEY],
		[{ kid: 7 }, KEY],
		[{ kid: `${KEY}-other/v1` }, KEY],
		[{ kid: "https://evil.example/keys/secrets/v1" }, KEY],
		[{ kid: `${KEY}/v2` }, `${KEY}/v1`],
	])("refuses an answer that names no version of the key: %j for %s", async (fields, keyUrl) => {
		const { server } = await vault();
		server.respondWith((_request, response) => {
			response
				.setHeader("content-type", "application/json")
				.end(JSON.stringify({ ...fields, value: "AAAA" }));
		});
		const options = { clientOptions: redirected(server.url), credential: knownToken, ...HURRIED };
		const { code, message } = await refusal(() => new AzureKeyWrapper(keyUrl, options).wrap(dataKey));
		expect(code).toBe("PACK_KMS_FAILED");
		expect(message).toBe(
			`Azure Key Vault did not say which version of ${keyUrl} it wrapped with; check proxies on the way.`,
		);
	});
});

describe("AzureKeyWrapper says in one sentence that", () => {
	it("access is denied", async () => {
		const { server } = await vault();
		server.permissions.delete("wrapKey");
		const error = await refusal(() => wrapper(server).wrap(dataKey));
		expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: false });
		expect(error.message).toBe(
			`Azure Key Vault could not wrap with ${KEY}: access is denied, or the key is disabled or out of its dates (ForbiddenByPolicy); grant keys/wrapKey (the role Key Vault Crypto Service Encryption User), and check the key and the vault's firewall.`,
		);
		expect(error.cause).toBeUndefined();
	});

	it("the key is disabled, or gone", async () => {
		const { server } = await vault();
		server.enable("secrets", false);
		expect((await refusal(() => wrapper(server).wrap(dataKey))).message).toMatch(/\(KeyDisabled\)/);
		server.delete("secrets");
		const { message } = await refusal(() => wrapper(server).wrap(dataKey));
		expect(message).toMatch(/: there is no such key \(KeyNotFound\); check vault, name and version\.$/);
	});

	it.each([
		[400, "BadParameter", /the key cannot wrap with RSA-OAEP-256 \(BadParameter\); give/, false, 1],
		[409, "Conflict", /the key was deleted \(Conflict\); recover it/, false, 1],
		[429, "Throttled", /too many requests are made \(Throttled\); try again/, true, 3],
		[503, "ServiceUnavailable", /the service failed on its side \(ServiceUnavailable\); try/, true, 3],
	])("it answered %d %s", async (status, code, message, retryable, requests) => {
		const { wrapping, server } = await answeredWith(azureRefusal(status, code));
		const error = await refusal(() => wrapping);
		expect(error.retryable).toBe(retryable);
		expect(error.message).toMatch(message);
		expect(vaultRequests(server).length).toBeGreaterThanOrEqual(requests);
	});

	it("the credentials are not accepted", async () => {
		const { wrapping } = await answeredWith(azureRefusal(401, "Unauthorized"));
		expect((await refusal(() => wrapping)).message).toMatch(
			/the credentials are not accepted.*; run az login/,
		);
	});

	it("no credentials are found", async () => {
		const { server } = await vault();
		vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential");
		const { message, retryable } = await refusal(() => wrapper(server).wrap(dataKey));
		expect(message).toMatch(
			/: no Azure credentials were found or obtained.*; run az login, set AZURE_TENANT_ID/,
		);
		expect(retryable).toBe(false);
	});

	it("nobody listens", async () => {
		const url = await deadOrigin();
		const options = { clientOptions: redirected(url), credential: knownToken, ...HURRIED };
		const error = await refusal(() => new AzureKeyWrapper(KEY, options).wrap(dataKey));
		expect(error.retryable).toBe(true);
		expect(error.message).toMatch(/no connection came about \(ECONNREFUSED\); check the vault's name/);
	});

	it("the request cannot be made", async () => {
		const credential = { getToken: () => Promise.reject(new TypeError("secret")) };
		const { server } = await vault();
		const options = { clientOptions: redirected(server.url), credential, ...HURRIED };
		const { message } = await refusal(() => new AzureKeyWrapper(KEY, options).wrap(dataKey));
		expect(message).toMatch(/: the request failed; check that the key is enabled/);
	});
});
