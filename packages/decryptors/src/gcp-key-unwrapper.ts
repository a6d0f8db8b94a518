import { type GcpKeyId, parseKmsKeyId } from "@clef-sh/artifact";
import { DecryptError } from "./decrypt-error.js";
import { crc32c } from "./gcp-crc32c.js";
import { gcpFailure, isCredentialFailure } from "./gcp-failure.js";
import { withoutLookupWarning } from "./gcp-without-warning.js";
import type { KeyUnwrapper, WrappedKey } from "./key-unwrapper.js";
import { loadPackage } from "./load-package.js";
import { retryUnwrap, type UnwrapPace } from "./retry-unwrap.js";

/** What sends a request with Google credentials: a `GoogleAuth` or any client of google-auth-library. */
export interface GcpClient {
	/** Resolves with the parsed body of a good answer, and rejects with everything else. */
	request(options: GcpRequest): Promise<{ readonly data: unknown }>;
}

/** A request as google-auth-library takes it. */
export interface GcpRequest {
	readonly url: string;
	readonly method: "POST";
	readonly data: object;
	readonly responseType: "json";
	readonly signal: AbortSignal;
	readonly retry: false;
	readonly retryConfig: { readonly retry: 0 };
	readonly maxContentLength: number;
	readonly maxRedirects: 0;
}

/** How Google Cloud KMS is reached, where the defaults are not right. */
export interface GcpOptions {
	/** Has to ask for the scope `https://www.googleapis.com/auth/cloudkms`; by default application default credentials. */
	readonly client?: GcpClient;
	/** Origin of the API, without a slash at the end; `https://cloudkms.googleapis.com` when left out. */
	readonly endpoint?: string;
}

/** The part of google-auth-library that is used here. */
export interface GoogleAuthLibrary {
	readonly GoogleAuth: new (options: {
		scopes: string;
		projectId: string;
		clientOptions: object;
	}) => GcpClient;
	readonly gcpMetadata: { resetIsAvailableCache(): void };
}

/** What {@link GcpKeyUnwrapper} takes from outside itself. */
export interface GcpEdge {
	readonly load?: () => Promise<GoogleAuthLibrary>;
	readonly pace?: UnwrapPace;
}

const SERVICE = "Google Cloud KMS";
const SCOPE = "https://www.googleapis.com/auth/cloudkms";
const ENDPOINT = "https://cloudkms.googleapis.com";
/** Far above any answer to a wrapped data key. */
const MAX_ANSWER_BYTES = 262_144;

/** Unwraps data keys with Google Cloud KMS: the REST method `cryptoKeys.decrypt`, checksums both ways. */
export class GcpKeyUnwrapper implements KeyUnwrapper {
	readonly #options: GcpOptions;
	readonly #load: () => Promise<GoogleAuthLibrary>;
	readonly #pace: UnwrapPace | undefined;
	#client: GcpClient | undefined;

	/** Loads google-auth-library at the first unwrap, and not at all when a client is handed in. */
	constructor(options: GcpOptions = {}, edge: GcpEdge = {}) {
		this.#options = options;
		this.#load = edge.load ?? (() => import("google-auth-library"));
		this.#pace = edge.pace;
		this.#client = options.client;
	}

	async unwrap({ keyId, wrappedKey }: WrappedKey, signal: AbortSignal): Promise<Uint8Array> {
		const key = parseKmsKeyId("gcp", keyId);
		if (key === undefined) {
			throw new DecryptError(
				"DECRYPT_UNWRAP_FAILED",
				"The artifact's key id is not the resource name of a Google Cloud KMS key (projects/…/cryptoKeys/…); pack it again.",
			);
		}
		return retryUnwrap(SERVICE, (limit) => this.#attempt(key, wrappedKey, limit), signal, this.#pace);
	}

	async #attempt(key: GcpKeyId, wrappedKey: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
		const client = this.#client ?? (await this.#defaultClient(key));
		const { endpoint = ENDPOINT } = this.#options;
		try {
			const request = decryptRequest(endpoint, key, wrappedKey, signal);
			const { data } = await withoutLookupWarning(() => client.request(request));
			return checkedPlaintext(data);
		} catch (error) {
			if (error instanceof DecryptError) throw error;
			if (isCredentialFailure(error, endpoint)) await this.#forgetCredentials();
			throw gcpFailure(error, key, endpoint);
		}
	}

	async #defaultClient(key: GcpKeyId): Promise<GcpClient> {
		const { GoogleAuth } = await loadPackage("google-auth-library", this.#load);
		this.#client = new GoogleAuth({
			scopes: SCOPE,
			// Nothing here needs it, but without one the library starts `gcloud` to find out.
			projectId: String(key.name.split("/")[1]),
			// Leaves out the interceptors that can be told to log, as they log answers, which hold data keys.
			clientOptions: { useAuthRequestParameters: false },
		});
		return this.#client;
	}

	/** The next attempt looks for credentials anew: a file may be rotated, a metadata server may start late. */
	async #forgetCredentials(): Promise<void> {
		if (this.#options.client !== undefined) return;
		this.#client = undefined;
		const { gcpMetadata } = await this.#load();
		gcpMetadata.resetIsAvailableCache();
	}
}

function decryptRequest(
	endpoint: string,
	key: GcpKeyId,
	wrappedKey: Uint8Array,
	signal: AbortSignal,
): GcpRequest {
	return {
		url: `${endpoint}/v1/${key.name}:decrypt`,
		method: "POST",
		data: {
			ciphertext: Buffer.from(wrappedKey).toString("base64"),
			ciphertextCrc32c: crc32c(wrappedKey),
		},
		responseType: "json",
		signal,
		retry: false,
		retryConfig: { retry: 0 },
		maxContentLength: MAX_ANSWER_BYTES,
		maxRedirects: 0,
	};
}

function checkedPlaintext(data: unknown): Uint8Array {
	const { plaintext, plaintextCrc32c } = Object(data);
	if (typeof plaintext !== "string") {
		throw new DecryptError(
			"DECRYPT_UNWRAP_FAILED",
			`${SERVICE} answered without a plaintext; check what HTTPS_PROXY and the network put in its place.`,
			{ retryable: true },
		);
	}
	const key = Buffer.from(plaintext, "base64");
	// The int64 is text in JSON; a number is taken too, as a checksum always fits one.
	if (String(plaintextCrc32c) === crc32c(key)) return key;
	key.fill(0);
	throw new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		`The data key came from ${SERVICE} with a wrong checksum, so it was damaged on its way; try again.`,
		{ retryable: true },
	);
}
