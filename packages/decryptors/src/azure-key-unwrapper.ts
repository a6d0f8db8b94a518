import { type AzureKeyId, parseKmsKeyId } from "@clef-sh/artifact";
import { azureFailure } from "./azure-failure.js";
import { DecryptError } from "./decrypt-error.js";
import type { KeyUnwrapper, WrappedKey } from "./key-unwrapper.js";
import { loadPackage } from "./load-package.js";
import { retryUnwrap, type UnwrapPace } from "./retry-unwrap.js";

/** Where tokens come from: any credential of `@azure/identity`. */
export interface AzureCredential {
	getToken(
		scopes: string | string[],
		options?: object,
	): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** How Azure Key Vault is reached, where the defaults are not right. */
export interface AzureOptions {
	/** `DefaultAzureCredential` when left out. */
	readonly credential?: AzureCredential;
	/** Further options for the SDK's `CryptographyClient`; its retries are switched off whatever stands here. */
	readonly clientOptions?: object;
}

/** The part of `@azure/keyvault-keys` that is used here. */
export interface AzureKeysLibrary {
	readonly CryptographyClient: new (
		key: AzureKey,
		credential: AzureCredential,
		options: object,
	) => AzureKeyClient;
}

/** The part of `@azure/identity` that is used here. */
export interface AzureIdentityLibrary {
	readonly DefaultAzureCredential: new (options: object) => AzureCredential;
}

/** What {@link AzureKeyUnwrapper} takes from outside itself. */
export interface AzureEdge {
	readonly loadKeys?: () => Promise<AzureKeysLibrary>;
	readonly loadIdentity?: () => Promise<AzureIdentityLibrary>;
	readonly pace?: UnwrapPace;
}

/** A key as the SDK describes it; without key material, so that no operation is done with a public half. */
interface AzureKey {
	readonly id: string;
	readonly name: string;
	readonly properties: { readonly name: string; readonly vaultUrl: string };
}

interface AzureKeyClient {
	unwrapKey(
		algorithm: AzureAlgorithm,
		encryptedKey: Uint8Array,
		options: { abortSignal: AbortSignal; onResponse: (response: { status: number }) => void },
	): Promise<{ readonly result: Uint8Array }>;
}

type AzureAlgorithm = (typeof ALGORITHMS)[number];

const ALGORITHMS = ["RSA-OAEP-256", "RSA-OAEP", "A128KW", "A192KW", "A256KW"] as const;

/** Unwraps data keys with Azure Key Vault or an Azure managed HSM, by the one REST call that this needs. */
export class AzureKeyUnwrapper implements KeyUnwrapper {
	readonly #options: AzureOptions;
	readonly #edge: AzureEdge;
	#credential: AzureCredential | undefined;
	#client: { readonly url: string; readonly client: AzureKeyClient } | undefined;

	/** Loads `@azure/keyvault-keys` at the first unwrap, and `@azure/identity` unless a credential is handed in. */
	constructor(options: AzureOptions = {}, edge: AzureEdge = {}) {
		this.#options = options;
		this.#edge = edge;
		this.#credential = options.credential;
	}

	async unwrap({ keyId, wrappedKey, algorithm }: WrappedKey, signal: AbortSignal): Promise<Uint8Array> {
		const key = parseKmsKeyId("azure", keyId);
		if (key === undefined) {
			throw new DecryptError(
				"DECRYPT_UNWRAP_FAILED",
				"The artifact's key id is not the https URL of a key in an Azure vault (https://NAME.vault.azure.net/keys/…); pack it again.",
			);
		}
		const known = ALGORITHMS.find((name) => name === algorithm) ?? ALGORITHMS[0];
		const attempt = (limit: AbortSignal) => this.#attempt(key, known, wrappedKey, limit);
		return retryUnwrap("Azure Key Vault", attempt, signal, this.#edge.pace);
	}

	async #attempt(
		key: AzureKeyId,
		algorithm: AzureAlgorithm,
		wrappedKey: Uint8Array,
		abortSignal: AbortSignal,
	): Promise<Uint8Array> {
		const client = await this.#clientFor(key);
		// Noted here because the SDK loses it when the body is not one of its own errors.
		let status: number | undefined;
		const onResponse = (response: { status: number }): void => {
			status = response.status;
		};
		try {
			const { result } = await client.unwrapKey(algorithm, wrappedKey, { abortSignal, onResponse });
			if (result instanceof Uint8Array) return result;
		} catch (error) {
			throw azureFailure(error, key, status);
		}
		throw azureFailure(undefined, key, undefined);
	}

	/** The client of the last key stays: it holds the vault's challenge and the token. */
	async #clientFor(key: AzureKeyId): Promise<AzureKeyClient> {
		if (this.#client?.url === key.url) return this.#client.client;
		const { loadKeys = () => import("@azure/keyvault-keys") } = this.#edge;
		const { CryptographyClient } = await loadPackage("@azure/keyvault-keys @azure/identity", loadKeys);
		this.#credential ??= await this.#defaultCredential();
		const client = new CryptographyClient(describe(key), this.#credential, {
			...this.#options.clientOptions,
			retryOptions: { maxRetries: 0 },
		});
		this.#client = { url: key.url, client };
		return client;
	}

	async #defaultCredential(): Promise<AzureCredential> {
		const { loadIdentity = () => import("@azure/identity") } = this.#edge;
		const { DefaultAzureCredential } = await loadPackage("@azure/identity", loadIdentity);
		try {
			return new DefaultAzureCredential({
				retryOptions: { maxRetries: 2, retryDelayInMs: 400, maxRetryDelayInMs: 2_000 },
			});
		} catch {
			throw new DecryptError(
				"DECRYPT_UNWRAP_FAILED",
				"AZURE_TOKEN_CREDENTIALS names no Azure credential; set it to prod, dev or the name of one credential.",
			);
		}
	}
}

/** Handed to the SDK instead of the bare URL, for which it would first get the key: one request, one permission more. */
function describe({ url, keyName, vaultUrl }: AzureKeyId): AzureKey {
	return { id: url, name: keyName, properties: { name: keyName, vaultUrl } };
}
