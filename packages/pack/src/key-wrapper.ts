import type { KmsProvider } from "@clef-sh/artifact";

/** A data key as only its KMS can open it. */
export interface WrappedDataKey {
	/** The key that wrapped it, resolved: what an agent is to ask, also after an alias moved on. */
	readonly keyId: string;
	readonly wrappedKey: Uint8Array;
	/** The provider's own name of the algorithm. */
	readonly algorithm: string;
}

/** Has data keys wrapped by one key of a KMS. */
export interface KeyWrapper {
	readonly provider: KmsProvider;

	/** Wraps 32 bytes that stay the caller's to wipe; rejects with `PACK_KMS_FAILED`. */
	wrap(dataKey: Uint8Array): Promise<WrappedDataKey>;
}
