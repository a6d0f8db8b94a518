import type { IncomingMessage, ServerResponse } from "node:http";
import { type GcpAnswer, refusal } from "./gcp-answer.js";
import { crc32c } from "./gcp-crc32c.js";
import { GcpCryptoKey, type GcpVersionState, versionIn } from "./gcp-crypto-key.js";
import { type GcpServiceAccount, GcpServiceAccounts, type GcpUse } from "./gcp-service-accounts.js";
import { type Behaviour, type RecordedRequest, startServer, type TestServer } from "./servers.js";

/** A request's body, for either method. */
interface Body {
	readonly plaintext?: string;
	readonly plaintextCrc32c?: string;
	readonly ciphertext?: string;
	readonly ciphertextCrc32c?: string;
}

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
	readonly #keys = new Map<string, GcpCryptoKey>();
	readonly #accounts = new GcpServiceAccounts();

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
		const key = this.#keys.get(name) ?? new GcpCryptoKey(name);
		this.#keys.set(name, key);
		key.addVersion();
	}

	/** Changes the state of a version, counted from 1. */
	setState(name: string, version: number, state: GcpVersionState): void {
		this.#key(name).setState(version, state);
	}

	/** Makes a service account that may use one key. */
	addServiceAccount(name: string, ...uses: readonly GcpUse[]): GcpServiceAccount {
		return this.#accounts.add(name, ...uses);
	}

	/** Takes every permission from a service account; its tokens stay good. */
	denyAll(account: GcpServiceAccount): void {
		this.#accounts.denyAll(account);
	}

	/** Forgets a service account, so that it gets no token any more. */
	removeServiceAccount(account: GcpServiceAccount): void {
		this.#accounts.remove(account);
	}

	/** Wraps bytes with a key's primary version, as a packer would have it done. */
	wrap(name: string, plaintext: Uint8Array): Buffer {
		return this.#key(name).wrap(plaintext);
	}

	/** Answers the coming requests with these instead, one each; the last stays. */
	respondWith(...behaviours: readonly [Behaviour, ...Behaviour[]]): void {
		this.#server.respondWith(...behaviours);
	}

	/** Ends what `respondWith` began. */
	behaveWell(): void {
		this.#server.respondWith((request, response) => {
			sendJson(response, this.#answer(request, this.requests.at(-1)?.body ?? ""));
		});
	}

	#key(name: string): GcpCryptoKey {
		const key = this.#keys.get(name);
		if (key === undefined) throw new RangeError(`there is no key ${name}`);
		return key;
	}

	#answer({ method, url = "", headers }: IncomingMessage, body: string): GcpAnswer {
		if (method === "POST" && url === "/token") return this.#accounts.exchange(new URLSearchParams(body));
		if (url.startsWith(METADATA)) {
			return this.#accounts.metadata(this.attached, new URL(url, this.url).searchParams, headers);
		}
		const [, name = "", verb = ""] = ROUTE.exec(url) ?? [];
		const use = verb === "decrypt" ? "useToDecrypt" : "useToEncrypt";
		if (method !== "POST" || !["decrypt", "encrypt"].includes(verb)) {
			return refusal(404, "NOT_FOUND", "The requested URL was not found on this server.");
		}
		const obstacle = this.#accounts.obstacle(headers, use, name);
		if (obstacle !== undefined) return obstacle;
		const key = this.#keys.get(name);
		if (key === undefined) return refusal(404, "NOT_FOUND", `CryptoKey ${name} not found.`);
		return verb === "decrypt" ? this.#decrypt(key, JSON.parse(body)) : this.#encrypt(key, JSON.parse(body));
	}

	#decrypt(key: GcpCryptoKey, body: Body): GcpAnswer {
		const { ciphertext: text = "", ciphertextCrc32c } = body;
		const ciphertext = Buffer.from(text, "base64");
		if (ciphertextCrc32c !== undefined && ciphertextCrc32c !== crc32c(ciphertext)) {
			return refusal(400, "INVALID_ARGUMENT", "The checksum in field ciphertext_crc32c did not match.");
		}
		const version = versionIn(ciphertext);
		const state = key.state(version);
		if (state === undefined) return refusal(400, "INVALID_ARGUMENT", DAMAGED);
		if (state !== "ENABLED") return unusable(key, version, state);
		const plaintext = key.unwrap(ciphertext);
		if (plaintext === undefined) return refusal(400, "INVALID_ARGUMENT", DAMAGED);
		return {
			status: 200,
			body: {
				plaintext: plaintext.toString("base64"),
				plaintextCrc32c: this.checksum?.(crc32c(plaintext)) ?? crc32c(plaintext),
				usedPrimary: version === key.primary,
				protectionLevel: "SOFTWARE",
			},
		};
	}

	#encrypt(key: GcpCryptoKey, body: Body): GcpAnswer {
		const { plaintext: text = "", plaintextCrc32c } = body;
		const plaintext = Buffer.from(text, "base64");
		if (plaintextCrc32c !== undefined && plaintextCrc32c !== crc32c(plaintext)) {
			return refusal(400, "INVALID_ARGUMENT", "The checksum in field plaintext_crc32c did not match.");
		}
		const state = key.state(key.primary) ?? "DESTROYED";
		if (state !== "ENABLED") return unusable(key, key.primary, state);
		const ciphertext = key.wrap(plaintext);
		return {
			status: 200,
			body: {
				name: versionName(key, key.primary),
				ciphertext: ciphertext.toString("base64"),
				ciphertextCrc32c: this.checksum?.(crc32c(ciphertext)) ?? crc32c(ciphertext),
				verifiedPlaintextCrc32c: plaintextCrc32c !== undefined,
				protectionLevel: "SOFTWARE",
			},
		};
	}
}

function versionName({ name }: GcpCryptoKey, version: number): string {
	return `${name}/cryptoKeyVersions/${version}`;
}

function unusable(key: GcpCryptoKey, version: number, state: GcpVersionState): GcpAnswer {
	const name = versionName(key, version);
	return refusal(400, "FAILED_PRECONDITION", `${name} is not enabled, current state is: ${state}.`, {
		"@type": "type.googleapis.com/google.rpc.PreconditionFailure",
		violations: [{ type: `KEY_${state}`, subject: name }],
	});
}

/** Answers with a refusal in the form of `google.rpc.Status`, whatever is asked. */
export function gcpRefusal(code: number, status: string, ...details: readonly object[]): Behaviour {
	return (_request, response) => sendJson(response, refusal(code, status, "Refused.", ...details));
}

function sendJson(response: ServerResponse, { status, headers, body }: GcpAnswer): void {
	const type = { "content-type": "application/json; charset=UTF-8" };
	response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(body));
}
