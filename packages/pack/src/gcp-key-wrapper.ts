import { parseKmsKeyId } from "@clef-sh/artifact";
import { crc32c } from "./crc32c.js";
import { explainGcpFailure } from "./gcp-kms-failure.js";
import type { KeyWrapper, WrappedDataKey } from "./key-wrapper.js";
import { callKms, type KmsPatience } from "./kms-call.js";
import { loadSdk } from "./load-sdk.js";
import { PackError } from "./pack-error.js";

/** One request to Google, as google-auth-library takes it. */
export interface GcpRequest {
	readonly url: string;
	readonly method: "POST";
	readonly data: Readonly<Record<string, string>>;
	readonly responseType: "json";
	readonly signal: AbortSignal;
	readonly retry: false;
	readonly maxRedirects: 0;
	readonly maxContentLength: number;
}

/** Sends requests with Google credentials: a `GoogleAuth`, or any client of google-auth-library. */
export interface GcpClient {
	request(request: GcpRequest): Promise<{ readonly data: unknown }>;
}

/** How Google Cloud KMS is reached. */
export interface GcpKmsOptions extends KmsPatience {
	/** One that asks for the scope `https://www.googleapis.com/auth/cloudkms`; application default credentials when left out. */
	readonly client?: GcpClient;
	/** The API's origin; `https://cloudkms.googleapis.com` when left out. */
	readonly endpoint?: string;
}

const ENDPOINT = "https://cloudkms.googleapis.com";
const SCOPE = "https://www.googleapis.com/auth/cloudkms";
/** Far above any answer with a wrapped data key. */
const MAX_ANSWER_BYTES = 262_144;
/** What Google calls the algorithm of its symmetric keys. */
const ALGORITHM = "GOOGLE_SYMMETRIC_ENCRYPTION";
const SERVICE = "Google Cloud KMS";

/** Wraps data keys with a symmetric key of Google Cloud KMS, checksums compared both ways. */
export class GcpKeyWrapper implements KeyWrapper {
	readonly provider = "gcp";
	readonly #requested: string;
	readonly #name: string;
	readonly #options: GcpKmsOptions;
	#client: GcpClient | undefined;

	/**
	 * Takes `projects/P/locations/L/keyRings/R/cryptoKeys/K`, optionally with the version to encrypt with; throws
	 * `PACK_KEY_INVALID`.
	 */
	constructor(name: string, options: GcpKmsOptions = {}) {
		const key = parseKmsKeyId("gcp", name);
		if (key === undefined) throw malformed();
		this.#requested = name;
		this.#name = key.name;
		this.#options = options;
		this.#client = options.client;
	}

	async wrap(dataKey: Uint8Array): Promise<WrappedDataKey> {
		const task = `encrypt with ${this.#requested}`;
		const call = { service: SERVICE, task, patience: this.#options, explain: explainGcpFailure };
		return callKms(call, async (signal) => {
			const client = await this.#open();
			const { data } = await client.request(this.#request(dataKey, signal));
			return { keyId: this.#name, wrappedKey: this.#ciphertextOf(data), algorithm: ALGORITHM };
		});
	}

	#request(dataKey: Uint8Array, signal: AbortSignal): GcpRequest {
		const plaintext = Buffer.from(dataKey.buffer, dataKey.byteOffset, dataKey.byteLength).toString("base64");
		return {
			url: `${this.#options.endpoint ?? ENDPOINT}/v1/${this.#requested}:encrypt`,
			method: "POST",
			data: { plaintext, plaintextCrc32c: `${crc32c(dataKey)}` },
			responseType: "json",
			signal,
			// Attempts are counted and timed here, so the library makes one at a time.
			retry: false,
			maxRedirects: 0,
			maxContentLength: MAX_ANSWER_BYTES,
		};
	}

	async #open(): Promise<GcpClient> {
		this.#client ??= await openClient(this.#name);
		return this.#client;
	}

	/** Anything damaged on the way would be found only by the agent, when the plaintext is gone. */
	#ciphertextOf(data: unknown): Uint8Array {
		const { name, ciphertext, ciphertextCrc32c, verifiedPlaintextCrc32c }: Record<string, unknown> =
			Object(data);
		if (typeof ciphertext !== "string" || typeof name !== "string") throw damaged("is not an encryption");
		if (!name.startsWith(`${this.#name}/`)) throw damaged("names another key");
		if (verifiedPlaintextCrc32c !== true) throw damaged("does not confirm the checksum that was sent");
		const bytes = Buffer.from(ciphertext, "base64");
		if (`${ciphertextCrc32c}` !== `${crc32c(bytes)}`) throw damaged("does not have the checksum it states");
		return bytes;
	}
}

async function openClient(name: string): Promise<GcpClient> {
	const { GoogleAuth } = await loadSdk(["google-auth-library"], () => import("google-auth-library"));
	return new GoogleAuth({
		scopes: [SCOPE],
		// Of no use here, but without one the library starts gcloud to find out.
		projectId: String(name.split("/")[1]),
		// Leaves out the interceptors that a variable makes log requests: these hold the data key.
		clientOptions: { useAuthRequestParameters: false },
	});
}

function malformed(): PackError {
	const hint = "give projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY";
	return new PackError("PACK_KEY_INVALID", `The ${SERVICE} key is not a resource name; ${hint}.`);
}

function damaged(how: string): PackError {
	const hint = "try again, and check proxies on the way";
	return new PackError("PACK_KMS_FAILED", `The answer of ${SERVICE} ${how}; ${hint}.`, { retryable: true });
}
