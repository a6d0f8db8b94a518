import {
	createCipheriv,
	createDecipheriv,
	generateKeyPairSync,
	type KeyObject,
	type KeyPairKeyObjectResult,
	randomBytes,
	verify,
} from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { crc32c } from "./gcp-crc32c.js";
import { type Behaviour, type RecordedRequest, startServer, type TestServer } from "./servers.js";

/** What a service account may do with a key, as the last part of the permission's name. */
export type GcpUse = "useToDecrypt" | "useToEncrypt";

/** What becomes of a key version. */
export type GcpVersionState = "ENABLED" | "DISABLED" | "DESTROYED";

/** A service account's key file, with which the client libraries get tokens. */
export interface GcpServiceAccount {
	readonly type: "service_account";
	readonly project_id: string;
	readonly private_key_id: string;
	readonly private_key: string;
	readonly client_email: string;
	readonly token_uri: string;
}

interface Version {
	readonly secret: Buffer;
	state: GcpVersionState;
}

interface Account {
	readonly publicKey: KeyObject;
	readonly allowed: Set<string>;
}

/** A request's body, for either method. */
interface Body {
	readonly plaintext?: string;
	readonly plaintextCrc32c?: string;
	readonly ciphertext?: string;
	readonly ciphertextCrc32c?: string;
}

interface Answer {
	readonly status: number;
	readonly headers?: OutgoingHttpHeaders;
	readonly body: object;
}

/** Made once, as it takes long; all accounts share it, and differ by their names. */
let accountKeys: KeyPairKeyObjectResult | undefined;

const TOKEN_URI = "https://oauth2.googleapis.com/token";
const SCOPES = ["https://www.googleapis.com/auth/cloudkms", "https://www.googleapis.com/auth/cloud-platform"];
const ROUTE = /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/:]+):(\w+)$/;
const METADATA = "/computeMetadata/v1/instance/service-accounts/default/token";
const DAMAGED = "Decryption failed: the ciphertext was not made with this key.";

/**
 * Google Cloud KMS on 127.0.0.1, as far as `cryptoKeys.encrypt` and `cryptoKeys.decrypt` go, by the REST reference:
 * versions and their states, permissions, checksums as decimal text, errors by `google.rpc.Status`. Answers as the
 * token endpoint for service accounts too, whose signed claims it verifies, and as a metadata server.
 */
export class GcpKmsServer {
	readonly url: string;
	readonly requests: readonly RecordedRequest[];
	readonly close: () => Promise<void>;

	/** What the checksum of the next plaintexts becomes; the right one when absent. */
	checksum: ((right: string) => string) | undefined;

	/** Whose tokens the metadata server hands out; without one it knows of no service account. */
	attached: GcpServiceAccount | undefined;
	readonly #server: TestServer;
	readonly #keys = new Map<string, Version[]>();
	readonly #accounts = new Map<string, Account>();
	readonly #tokens = new Map<string, { readonly email: string; readonly scope: string }>();

	private constructor(server: TestServer) {
		this.#server = server;
		this.url = server.url;
		this.requests = server.requests;
		this.close = server.close;
		this.behaveWell();
	}

	static async start(): Promise<GcpKmsServer> {
		return new GcpKmsServer(await startServer());
	}

	/** Environment variables with which the client libraries take this for the metadata server. */
	metadataEnvironment(): Record<string, string> {
		return { GCE_METADATA_HOST: new URL(this.url).host, METADATA_SERVER_DETECTION: "assume-present" };
	}

	/** Adds a version to a key, which becomes its primary; the first one makes the key. */
	addVersion(name: string): void {
		const versions = this.#keys.get(name) ?? [];
		this.#keys.set(name, [...versions, { secret: randomBytes(32), state: "ENABLED" }]);
	}

	/** Changes the state of a version, counted from 1. */
	setState(name: string, version: number, state: GcpVersionState): void {
		const found = this.#keys.get(name)?.[version - 1];
		if (found === undefined) throw new RangeError(`${name} has no version ${version}`);
		found.state = state;
	}

	/** Makes a service account that may use one key. */
	addServiceAccount(name: string, ...uses: readonly GcpUse[]): GcpServiceAccount {
		accountKeys ??= generateKeyPairSync("rsa", { modulusLength: 2048 });
		const { privateKey, publicKey } = accountKeys;
		const email = `agent-${this.#accounts.size + 1}@acme.iam.gserviceaccount.com`;
		this.#accounts.set(email, { publicKey, allowed: new Set(uses.map((use) => `${use} ${name}`)) });
		return {
			type: "service_account",
			project_id: "acme",
			private_key_id: "key-1",
			private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
			client_email: email,
			token_uri: TOKEN_URI,
		};
	}

	/** Takes every permission from a service account; its tokens stay good. */
	denyAll({ client_email }: GcpServiceAccount): void {
		this.#accounts.get(client_email)?.allowed.clear();
	}

	/** Forgets a service account, so that it gets no token any more. */
	removeServiceAccount({ client_email }: GcpServiceAccount): void {
		this.#accounts.delete(client_email);
	}

	/** Wraps bytes with a key's primary version, as a packer would have it done. */
	wrap(name: string, plaintext: Uint8Array): Buffer {
		const versions = this.#keys.get(name) ?? [];
		const primary = versions.at(-1);
		if (primary === undefined) throw new RangeError(`there is no key ${name}`);
		const iv = randomBytes(12);
		const cipher = createCipheriv("aes-256-gcm", primary.secret, iv).setAAD(Buffer.from(name));
		const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
		return Buffer.concat([Uint8Array.of(versions.length), iv, cipher.getAuthTag(), sealed]);
	}

	/** Answers the coming requests with these instead, one each; the last stays. */
	respondWith(...behaviours: readonly [Behaviour, ...Behaviour[]]): void {
		this.#server.respondWith(...behaviours);
	}

	behaveWell(): void {
		this.#server.respondWith((request, response) => {
			sendJson(response, this.#answer(request, this.requests.at(-1)?.body ?? ""));
		});
	}

	#answer({ method, url = "", headers }: IncomingMessage, body: string): Answer {
		if (method === "POST" && url === "/token") return this.#exchange(new URLSearchParams(body));
		if (url.startsWith(METADATA)) return this.#metadata(new URL(url, this.url).searchParams, headers);
		const [, name = "", verb = ""] = ROUTE.exec(url) ?? [];
		const use = verb === "decrypt" ? "useToDecrypt" : "useToEncrypt";
		if (method !== "POST" || !["decrypt", "encrypt"].includes(verb)) {
			return refusal(404, "NOT_FOUND", "The requested URL was not found on this server.");
		}
		const caller = this.#tokens.get((headers.authorization ?? "").replace(/^Bearer /, ""));
		if (caller === undefined) return refusal(401, "UNAUTHENTICATED", "The request lacks valid credentials.");
		if (!caller.scope.split(" ").some((scope) => SCOPES.includes(scope))) {
			return refusal(403, "PERMISSION_DENIED", "The scope of the token is insufficient.");
		}
		if (!this.#accounts.get(caller.email)?.allowed.has(`${use} ${name}`)) {
			return refusal(403, "PERMISSION_DENIED", `Permission 'cloudkms.cryptoKeyVersions.${use}' denied.`);
		}
		const versions = this.#keys.get(name);
		if (versions === undefined) return refusal(404, "NOT_FOUND", `CryptoKey ${name} not found.`);
		return verb === "decrypt"
			? this.#decrypt(name, versions, JSON.parse(body))
			: this.#encrypt(name, versions, JSON.parse(body));
	}

	#decrypt(name: string, versions: readonly Version[], body: Body): Answer {
		const { ciphertext: text = "", ciphertextCrc32c } = body;
		const ciphertext = Buffer.from(text, "base64");
		if (ciphertextCrc32c !== undefined && ciphertextCrc32c !== crc32c(ciphertext)) {
			return refusal(400, "INVALID_ARGUMENT", "The checksum in field ciphertext_crc32c did not match.");
		}
		const number = ciphertext[0] ?? 0;
		const version = versions[number - 1];
		if (version === undefined) return refusal(400, "INVALID_ARGUMENT", DAMAGED);
		if (version.state !== "ENABLED") return unusable(`${name}/cryptoKeyVersions/${number}`, version.state);
		const plaintext = unwrap(version.secret, name, ciphertext);
		if (plaintext === undefined) return refusal(400, "INVALID_ARGUMENT", DAMAGED);
		return {
			status: 200,
			body: {
				plaintext: plaintext.toString("base64"),
				plaintextCrc32c: this.checksum?.(crc32c(plaintext)) ?? crc32c(plaintext),
				usedPrimary: number === versions.length,
				protectionLevel: "SOFTWARE",
			},
		};
	}

	#encrypt(name: string, versions: readonly Version[], body: Body): Answer {
		const { plaintext: text = "", plaintextCrc32c } = body;
		const plaintext = Buffer.from(text, "base64");
		if (plaintextCrc32c !== undefined && plaintextCrc32c !== crc32c(plaintext)) {
			return refusal(400, "INVALID_ARGUMENT", "The checksum in field plaintext_crc32c did not match.");
		}
		const primary = `${name}/cryptoKeyVersions/${versions.length}`;
		const { state } = versions.at(-1) ?? { state: "DESTROYED" };
		if (state !== "ENABLED") return unusable(primary, state);
		const ciphertext = this.wrap(name, plaintext);
		return {
			status: 200,
			body: {
				name: primary,
				ciphertext: ciphertext.toString("base64"),
				ciphertextCrc32c: this.checksum?.(crc32c(ciphertext)) ?? crc32c(ciphertext),
				verifiedPlaintextCrc32c: plaintextCrc32c !== undefined,
				protectionLevel: "SOFTWARE",
			},
		};
	}

	/** The JWT bearer grant: RS256 over header and claims, an hour at most. */
	#exchange(form: URLSearchParams): Answer {
		const assertion = form.get("assertion") ?? "";
		const [header = "", payload = "", signature = ""] = assertion.split(".");
		const claims = JSON.parse(Buffer.from(payload, "base64url").toString() || "{}");
		const account = this.#accounts.get(claims.iss);
		const now = Date.now() / 1000;
		const good =
			form.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer" &&
			account !== undefined &&
			claims.aud === TOKEN_URI &&
			claims.exp > now &&
			claims.exp - claims.iat <= 3600 &&
			verify(
				"RSA-SHA256",
				Buffer.from(`${header}.${payload}`),
				account.publicKey,
				Buffer.from(signature, "base64url"),
			);
		if (!good) {
			return { status: 400, body: { error: "invalid_grant", error_description: "Invalid JWT Signature." } };
		}
		return this.#issueToken(claims.iss, String(claims.scope));
	}

	#metadata(query: URLSearchParams, headers: IncomingHttpHeaders): Answer {
		const flavor = { "metadata-flavor": "Google" };
		if (headers["metadata-flavor"] !== "Google" || this.attached === undefined) {
			return { status: 404, headers: flavor, body: { error: "not found" } };
		}
		const scope = (query.get("scopes") ?? "").replaceAll(",", " ");
		return { ...this.#issueToken(this.attached.client_email, scope), headers: flavor };
	}

	#issueToken(email: string, scope: string): Answer {
		const token = `ya29.${randomBytes(24).toString("base64url")}`;
		this.#tokens.set(token, { email, scope });
		return { status: 200, body: { access_token: token, expires_in: 3599, token_type: "Bearer" } };
	}
}

function unwrap(secret: Buffer, name: string, ciphertext: Buffer): Buffer | undefined {
	try {
		const decipher = createDecipheriv("aes-256-gcm", secret, ciphertext.subarray(1, 13))
			.setAAD(Buffer.from(name))
			.setAuthTag(ciphertext.subarray(13, 29));
		return Buffer.concat([decipher.update(ciphertext.subarray(29)), decipher.final()]);
	} catch {
		return undefined;
	}
}

function unusable(version: string, state: GcpVersionState): Answer {
	return refusal(400, "FAILED_PRECONDITION", `${version} is not enabled, current state is: ${state}.`, {
		"@type": "type.googleapis.com/google.rpc.PreconditionFailure",
		violations: [{ type: `KEY_${state}`, subject: version }],
	});
}

function refusal(code: number, status: string, message: string, ...details: readonly object[]): Answer {
	return { status: code, body: { error: { code, message, status, details } } };
}

/** A refusal in the form of `google.rpc.Status`. */
export function gcpRefusal(code: number, status: string, ...details: readonly object[]): Behaviour {
	return (_request, response) => sendJson(response, refusal(code, status, "Refused.", ...details));
}

function sendJson(response: ServerResponse, { status, headers, body }: Answer): void {
	const type = { "content-type": "application/json; charset=UTF-8" };
	response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(body));
}
