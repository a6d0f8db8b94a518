/**
 * Why something could not be packed.
 *
 * - `PACK_INPUT_INVALID`: the secrets, a name, the time to live or the artifact's text is not acceptable.
 * - `PACK_KEY_INVALID`: a recipient, a KMS key or the signing key is not usable.
 * - `PACK_KMS_FAILED`: a KMS refused to seal or to sign, or could not be asked.
 */
export type PackErrorCode = "PACK_INPUT_INVALID" | "PACK_KEY_INVALID" | "PACK_KMS_FAILED";

/** What an error carries besides its sentence. */
export interface PackErrorOptions extends ErrorOptions {
	/** Whether the same call may succeed later; false when left out. */
	readonly retryable?: boolean;
}

/** The one error of this package; its message never holds a secret value or key material. */
export class PackError extends Error {
	override readonly name = "PackError";
	/** Stable; branch on this, never on the message. */
	readonly code: PackErrorCode;
	/** True only where a KMS was busy, late or out of reach; otherwise the input has to change. */
	readonly retryable: boolean;

	constructor(code: PackErrorCode, message: string, options?: PackErrorOptions) {
		super(message, options);
		this.code = code;
		this.retryable = options?.retryable ?? false;
	}
}
