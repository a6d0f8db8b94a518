import { parseKmsKeyId } from "@clef-sh/artifact";
import { AwsKms, type AwsKmsOptions } from "./aws-kms.js";
import type { KeyWrapper, WrappedDataKey } from "./key-wrapper.js";
import { PackError } from "./pack-error.js";

const TASK = {
	task: "encrypt with",
	permission: "kms:Encrypt",
	keyKind: "a symmetric one (KeySpec SYMMETRIC_DEFAULT, KeyUsage ENCRYPT_DECRYPT)",
} as const;
const ALGORITHM = "SYMMETRIC_DEFAULT";

/** Wraps data keys with a symmetric key of AWS KMS; an alias is packed as the key it stands for now. */
export class AwsKeyWrapper implements KeyWrapper {
	readonly provider = "aws";
	readonly #kms: AwsKms;

	/** Takes an ARN of a key or an alias, a key id, or `alias/…`; throws `PACK_KEY_INVALID`. */
	constructor(keyId: string, options: AwsKmsOptions = {}) {
		this.#kms = new AwsKms(keyId, options);
	}

	async wrap(dataKey: Uint8Array): Promise<WrappedDataKey> {
		const { CiphertextBlob, KeyId } = await this.#kms.ask(TASK, ({ sdk, client }, abortSignal) => {
			const input = { KeyId: this.#kms.keyId, Plaintext: dataKey, EncryptionAlgorithm: ALGORITHM } as const;
			return client.send(new sdk.EncryptCommand(input), { abortSignal });
		});
		const resolved = KeyId === undefined ? undefined : parseKmsKeyId("aws", KeyId);
		if (resolved?.region === undefined || CiphertextBlob === undefined) throw incomplete(this.#kms.keyId);
		return { keyId: resolved.keyId, wrappedKey: CiphertextBlob, algorithm: ALGORITHM };
	}
}

function incomplete(keyId: string): PackError {
	const hint = "check AWS_ENDPOINT_URL_KMS and proxies on the way";
	return new PackError(
		"PACK_KMS_FAILED",
		`AWS KMS answered the request to encrypt with ${keyId} without a ciphertext and the key's ARN; ${hint}.`,
	);
}
