/** An artifact's fields as they stand in its JSON, or as somebody claims them to be. */
export interface SignedFields {
	readonly version?: unknown;
	readonly identity?: unknown;
	readonly environment?: unknown;
	readonly revision?: unknown;
	readonly packedAt?: unknown;
	readonly ciphertextHash?: unknown;
	readonly expiresAt?: unknown;
	readonly envelope?: object | undefined;
}

/**
 * What a signature covers, by the words of the format and without the code under test: 14 fields joined by line
 * feeds, empty where absent.
 */
export function signingText(fields: SignedFields): string {
	const { envelope = {} } = fields;
	const sealed = new Map<string, unknown>(Object.entries(envelope));
	const values = [
		fields.version,
		fields.identity,
		fields.environment,
		fields.revision,
		fields.packedAt,
		fields.ciphertextHash,
		fields.expiresAt,
		...["provider", "keyId", "wrappedKey", "algorithm", "iv", "authTag"].map((name) => sealed.get(name)),
	];
	return ["clef-sig-v3", ...values.map((value) => String(value ?? ""))].join("\n");
}
