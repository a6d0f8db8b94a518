import type { CryptographyClient } from "@azure/keyvault-keys";
import { type AzureKeyId, parseKmsKeyId } from "@clef-sh/artifact";
import { explainAzureFailure } from "./azure-key-vault-failure.js";
import type { KeyWrapper, WrappedDataKey } from "./key-wrapper.js";
import { callKms, type KmsPatience } from "./kms-call.js";
import { loadSdk } from "./load-sdk.js";
import { PackError } from "./pack-error.js";

/** Where tokens come from: any credential of `@azure/identity`. */
export interface AzureCredential {
	getToken(
		scopes: string | string[],
		options?: object,
	): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** How Azure Key Vault is reached. */
export interface AzureKeyVaultOptions extends KmsPatience {
	/** The default Azure credential when left out. */
	readonly credential?: AzureCredential;
	/** Further options for the SDK's `CryptographyClient`; its retries are off, whatever stands here. */
	readonly clientOptions?: object;
}

const SERVICE = "Azure Key Vault";
const ALGORITHM = "RSA-OAEP-256";

/** Wraps data keys with an RSA key of Azure Key Vault or of a managed HSM; the version used is packed. */
export class AzureKeyWrapper implements KeyWrapper {
	readonly provider = "azure";
	readonly #key: AzureKeyId;
	readonly #options: AzureKeyVaultOptions;
	#client: CryptographyClient | undefined;

	/** Takes `https://VAULT.vault.azure.net/keys/NAME`, optionally with `/VERSION`; throws `PACK_KEY_INVALID`. */
	constructor(keyUrl: string, options: AzureKeyVaultOptions = {}) {
		const key = parseKmsKeyId("azure", keyUrl);
		if (key === undefined) throw malformed();
		this.#key = key;
		this.#options = options;
	}

	async wrap(dataKey: Uint8Array): Promise<WrappedDataKey> {
		const call = {
			service: SERVICE,
			task: `wrap with ${this.#key.url}`,
			patience: this.#options,
			explain: explainAzureFailure,
		};
		return callKms(call, async (abortSignal) => {
			this.#client ??= await this.#connect();
			let kid: unknown;
			// The SDK drops the one field that says which version wrapped.
			const onResponse = ({ parsedBody }: { readonly parsedBody?: unknown }) => {
				({ kid } = Object(parsedBody));
			};
			const { result } = await this.#client.wrapKey(ALGORITHM, dataKey, { abortSignal, onResponse });
			return { keyId: this.#versioned(kid), wrappedKey: result, algorithm: ALGORITHM };
		});
	}

	/** Without its version, data wrapped before a rotation could not be unwrapped after it. */
	#versioned(kid: unknown): string {
		const used = typeof kid === "string" ? parseKmsKeyId("azure", kid) : undefined;
		const { vaultUrl, keyName, keyVersion } = this.#key;
		const sameKey =
			used?.vaultUrl === vaultUrl && used.keyName.toLowerCase() === keyName.toLowerCase() && used.keyVersion;
		if (sameKey && (keyVersion === undefined || keyVersion === used.keyVersion)) return used.url;
		const hint = "check proxies on the way";
		throw new PackError(
			"PACK_KMS_FAILED",
			`${SERVICE} did not say which version of ${this.#key.url} it wrapped with; ${hint}.`,
		);
	}

	async #connect(): Promise<CryptographyClient> {
		const [keys, identity] = await loadSdk(["@azure/keyvault-keys", "@azure/identity"], () =>
			Promise.all([import("@azure/keyvault-keys"), import("@azure/identity")]),
		);
		const { vaultUrl, keyName: name, url: id } = this.#key;
		// Described instead of named by its URL, which would make the SDK get the key first: one permission more.
		const key = { id, name, properties: { vaultUrl, name } };
		return new keys.CryptographyClient(
			key,
			this.#options.credential ?? new identity.DefaultAzureCredential(),
			{
				...this.#options.clientOptions,
				// Attempts are counted and timed here, so the SDK makes one at a time.
				retryOptions: { maxRetries: 0 },
			},
		);
	}
}

function malformed(): PackError {
	const hint = "give https://VAULT.vault.azure.net/keys/NAME, with or without a version";
	return new PackError("PACK_KEY_INVALID", `The ${SERVICE} key is not the URL of a key; ${hint}.`);
}
