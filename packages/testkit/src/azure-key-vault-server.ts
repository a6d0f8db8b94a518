import {
	constants,
	createHmac,
	generateKeyPairSync,
	type KeyObject,
	type KeyPairKeyObjectResult,
	privateDecrypt,
	publicEncrypt,
	randomBytes,
} from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type Behaviour, type RecordedRequest, startServer, type TestServer } from "./servers.js";

/** What the managed identity may do with keys. */
export type AzurePermission = "get" | "wrapKey" | "unwrapKey";

interface Version {
	readonly id: string;
	readonly privateKey: KeyObject;
	readonly publicKey: KeyObject;
	enabled: boolean;
}

interface Answer {
	readonly status: number;
	readonly headers?: OutgoingHttpHeaders;
	readonly body: object;
}

const HASHES: Readonly<Record<string, string>> = { "RSA-OAEP": "sha1", "RSA-OAEP-256": "sha256" };
/** A key pair for the first version of any server, for its second and so on: making one takes long. */
const PAIRS: KeyPairKeyObjectResult[] = [];
const ISSUER = randomBytes(32);
const RESOURCE = "https://vault.azure.net";
const TENANT = "11111111-2222-3333-4444-555555555555";
const ROUTE = /^\/keys\/([\w-]+)\/?([\w-]*)\/?(wrapkey|unwrapkey)?$/;

/**
 * A key vault on 127.0.0.1, as far as getting keys, `wrapkey` and `unwrapkey` go, by the REST reference: the
 * challenge before the first token, permissions, versions, errors with their inner code; RSA-OAEP is real. It also
 * is the identity endpoint of an App Service, which hands out the tokens.
 */
export class AzureKeyVaultServer {
	readonly url: string;
	readonly requests: readonly RecordedRequest[];
	readonly close: () => Promise<void>;

	/** The origin that key ids begin with; what reaches this server from there is up to the test. */
	readonly vaultUrl = "https://team-secrets.vault.azure.net";

	/** Whether tokens are taken at all. */
	knowsTokens = true;

	/** What the managed identity may do; a test may change it. */
	readonly permissions = new Set<AzurePermission>(["unwrapKey"]);
	readonly #server: TestServer;
	readonly #keys = new Map<string, Version[]>();
	#versions = 0;
	readonly #identityHeader = randomBytes(16).toString("hex");

	private constructor(server: TestServer) {
		this.#server = server;
		this.url = server.url;
		this.requests = server.requests;
		this.close = server.close;
		this.behaveWell();
	}

	static async start(): Promise<AzureKeyVaultServer> {
		return new AzureKeyVaultServer(await startServer());
	}

	/** Environment variables with which `DefaultAzureCredential` finds this server's identity endpoint, and no other. */
	environment(): Record<string, string> {
		return {
			AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential",
			IDENTITY_ENDPOINT: `${this.url}/msi/token`,
			IDENTITY_HEADER: this.#identityHeader,
		};
	}

	/** Adds an RSA version to a key, making the key with the first; returns the version's key id. */
	addVersion(name: string): string {
		const id = randomBytes(16).toString("hex");
		this.#keys.set(name, [...(this.#keys.get(name) ?? []), { id, ...this.#nextPair(), enabled: true }]);
		return `${this.vaultUrl}/keys/${name}/${id}`;
	}

	/** Enables or disables all versions of a key. */
	enable(name: string, enabled: boolean): void {
		for (const version of this.#keys.get(name) ?? []) version.enabled = enabled;
	}

	delete(name: string): void {
		this.#keys.delete(name);
	}

	/** Wraps bytes with the version that a key id names, as a packer would have it done. */
	wrap(keyId: string, plaintext: Uint8Array, algorithm = "RSA-OAEP-256"): Buffer {
		const [name = "", id = ""] = keyId.split("/").slice(4);
		const version = this.#find(name, id);
		if (version === undefined) throw new RangeError(`there is no key ${keyId}`);
		return publicEncrypt(padding(version.publicKey, algorithm), plaintext);
	}

	/** Answers the coming requests with these instead, one each; the last stays. */
	respondWith(...behaviours: readonly [Behaviour, ...Behaviour[]]): void {
		this.#server.respondWith(...behaviours);
	}

	behaveWell(): void {
		this.#server.respondWith((request, response) =>
			send(response, this.#answer(request, this.requests.at(-1)?.body ?? "")),
		);
	}

	#answer(request: IncomingMessage, body: string): Answer {
		const { pathname, searchParams } = new URL(request.url ?? "", this.vaultUrl);
		if (pathname === "/msi/token") return this.#issueToken(request, searchParams);
		if (!this.knowsTokens || !isToken(request.headers.authorization)) return challenge();
		const [, name = "", id = "", verb = "get"] = ROUTE.exec(pathname) ?? [];
		if (!searchParams.has("api-version") || (verb === "get") !== (request.method === "GET")) {
			return refusal(400, "BadParameter", "api-version must be specified");
		}
		const operation = verb === "get" ? "get" : verb === "wrapkey" ? "wrapKey" : "unwrapKey";
		if (!this.permissions.has(operation)) {
			return refusal(403, "Forbidden", "The identity may not do this.", "ForbiddenByPolicy");
		}
		const version = this.#find(name, id);
		if (version === undefined) return refusal(404, "KeyNotFound", `${name}/${id} was not found.`);
		if (!version.enabled) return refusal(403, "Forbidden", "The key is disabled.", "KeyDisabled");
		const kid = `${this.vaultUrl}/keys/${name}/${version.id}`;
		return operation === "get" ? bundle(kid, version) : useKey(operation, kid, version, JSON.parse(body));
	}

	#nextPair(): KeyPairKeyObjectResult {
		const pair = PAIRS[this.#versions] ?? generateKeyPairSync("rsa", { modulusLength: 2048 });
		PAIRS[this.#versions] = pair;
		this.#versions += 1;
		return pair;
	}

	/** The latest version where none is named. */
	#find(name: string, id: string): Version | undefined {
		const versions = this.#keys.get(name) ?? [];
		return id === "" ? versions.at(-1) : versions.find((version) => version.id === id);
	}

	#issueToken({ headers }: IncomingMessage, query: URLSearchParams): Answer {
		if (headers["x-identity-header"] !== this.#identityHeader || query.get("resource") !== RESOURCE) {
			return { status: 400, body: { statusCode: 400, message: "No managed identity was found." } };
		}
		const expires_on = String(Math.floor(Date.now() / 1000) + 86_400);
		return {
			status: 200,
			body: { access_token: signedToken(expires_on), expires_on, resource: RESOURCE, token_type: "Bearer" },
		};
	}
}

/** Good at every vault of this process, as the SDK keeps tokens for a whole process. */
function signedToken(expiresOn: string): string {
	return `${expiresOn}.${createHmac("sha256", ISSUER).update(expiresOn).digest("base64url")}`;
}

function isToken(authorization = ""): boolean {
	const [, token, expiresOn = ""] = /^Bearer ((\d+)\..+)$/.exec(authorization) ?? [];
	return token === signedToken(expiresOn);
}

/** A refusal in the form of Key Vault's errors. */
export function azureRefusal(status: number, code: string, innerCode?: string): Behaviour {
	return (_request, response) => send(response, refusal(status, code, "Refused.", innerCode));
}

function useKey(
	operation: "wrapKey" | "unwrapKey",
	kid: string,
	{ publicKey, privateKey }: Version,
	{ alg = "", value = "" }: { readonly alg?: string; readonly value?: string },
): Answer {
	if (HASHES[alg] === undefined) return refusal(400, "BadParameter", `${alg} does not fit the key.`);
	const bytes = Buffer.from(value, "base64url");
	try {
		const result =
			operation === "wrapKey"
				? publicEncrypt(padding(publicKey, alg), bytes)
				: privateDecrypt(padding(privateKey, alg), bytes);
		return { status: 200, body: { kid, value: result.toString("base64url") } };
	} catch {
		return refusal(400, "BadParameter", "The parameter is incorrect.");
	}
}

function bundle(kid: string, { publicKey }: Version): Answer {
	const { n, e, kty } = publicKey.export({ format: "jwk" });
	const key = { kid, kty, key_ops: ["wrapKey", "unwrapKey"], n, e };
	return { status: 200, body: { key, attributes: { enabled: true } } };
}

function padding(key: KeyObject, algorithm: string) {
	return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: String(HASHES[algorithm]) };
}

function challenge(): Answer {
	const authenticate = `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="${RESOURCE}"`;
	return {
		...refusal(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."),
		headers: { "www-authenticate": authenticate },
	};
}

function refusal(status: number, code: string, message: string, innerCode?: string): Answer {
	const inner = innerCode === undefined ? {} : { innererror: { code: innerCode } };
	return { status, body: { error: { code, message, ...inner } } };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
	const type = { "content-type": "application/json; charset=utf-8" };
	response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(body));
}
