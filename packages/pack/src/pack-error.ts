/**
 * Why something could not be packed.
 *
 * - `PACK_INPUT_INVALID`: the secrets, a name, the time to live or the artifact's text is not acceptable.
 * - `PACK_KEY_INVALID`: a recipient or the signing key is not usable.
 */
export type PackErrorCode = "PACK_INPUT_INVALID" | "PACK_KEY_INVALID";

/** The one error of this package; its message never holds a secret value or key material. */
export class PackError extends Error {
	override readonly name = "PackError";
	/** Stable; branch on this, never on the message. */
	readonly code: PackErrorCode;
	/** Always false: the input has to change. */
	readonly retryable = false;

	constructor(code: PackErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}
