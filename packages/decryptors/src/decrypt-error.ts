/**
 * Why a verified artifact could not be turned into secrets.
 *
 * - `DECRYPT_NO_IDENTITY`: there is no usable age identity, or none that fits this artifact.
 * - `DECRYPT_UNWRAP_FAILED`: the KMS did not unwrap the data key.
 * - `DECRYPT_AUTHENTICATION_FAILED`: the ciphertext is damaged, cut short, forged, or not what it claims to be.
 * - `DECRYPT_PAYLOAD_MALFORMED`: the plaintext is not a payload of secrets.
 */
export type DecryptErrorCode =
	| "DECRYPT_NO_IDENTITY"
	| "DECRYPT_UNWRAP_FAILED"
	| "DECRYPT_AUTHENTICATION_FAILED"
	| "DECRYPT_PAYLOAD_MALFORMED";

/** What a {@link DecryptError} may carry besides its code and sentence. */
export interface DecryptErrorOptions extends ErrorOptions {
	/** Whether the same artifact and keys may well succeed later; false when left out. */
	readonly retryable?: boolean;
}

/** The one error of this package; its message never holds key material or plaintext. */
export class DecryptError extends Error {
	override readonly name = "DecryptError";
	/** Stable; branch on this, never on the message. */
	readonly code: DecryptErrorCode;
	/** Whether trying again without changing anything can help. */
	readonly retryable: boolean;

	constructor(code: DecryptErrorCode, message: string, options: DecryptErrorOptions = {}) {
		super(message, options);
		this.code = code;
		this.retryable = options.retryable ?? false;
	}
}
