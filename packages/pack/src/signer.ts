/** Signs artifacts with a key that need not be at hand. */
export interface Signer {
	/** The public half, Ed25519 or P-256, as SPKI DER in base64: what agents verify with. */
	publicKey(): Promise<string>;

	/** The signature of these bytes: Ed25519 as it is, P-256 with SHA-256 and DER-encoded. */
	sign(payload: Uint8Array): Promise<Uint8Array>;
}
