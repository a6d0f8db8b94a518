/** A data key as an envelope carries it. */
export interface WrappedKey {
	/** Which key of the KMS wrapped it; foreign text until it was parsed. */
	readonly keyId: string;
	readonly wrappedKey: Uint8Array;
	/** As the packer named it; a name that the KMS does not know means its default. */
	readonly algorithm: string;
}

/** Asks one KMS for data keys. */
export interface KeyUnwrapper {
	/**
	 * Resolves with the 32 bytes of the data key, which the caller owns and fills with zeros after use.
	 *
	 * Rejects with `DECRYPT_UNWRAP_FAILED`, for a key id that is not one of its KMS before any request; or with the
	 * signal's reason when it is aborted.
	 */
	unwrap(key: WrappedKey, signal: AbortSignal): Promise<Uint8Array>;
}
