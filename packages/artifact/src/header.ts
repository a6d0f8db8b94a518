import type { Fields, TextRule } from "./fields.js";
import { timestampMs } from "./timestamp.js";

/** The clear metadata of an artifact: who it is for, which one it is, and how long it holds. */
export interface ArtifactHeader {
	readonly version: 1;
	readonly identity: string;
	readonly environment: string;
	readonly revision: string;
	/** ISO-8601, exactly as packed: it is signed as text. */
	readonly packedAt: string;
	/** Epoch milliseconds. */
	readonly packedAtMs: number;
	/** Lower-case hex SHA-256 of the ciphertext's base64 text. */
	readonly ciphertextHash: string;
	/** ISO-8601, exactly as packed: it is signed as text. */
	readonly expiresAt?: string;
	/** Epoch milliseconds; present exactly when `expiresAt` is. */
	readonly expiresAtMs?: number;
}

const TIMESTAMP: TextRule = {
	accepts: (text) => !Number.isNaN(timestampMs(text)),
	expected: "an ISO-8601 date and time with a zone",
};

const SHA256_HEX: TextRule = {
	accepts: (text) => /^[0-9a-f]{64}$/.test(text),
	expected: "64 lower-case hexadecimal digits",
};

/** Reads the header; what is wrong with it is recorded in `fields`, and the result is then not to be used. */
export function readHeader(fields: Fields): ArtifactHeader {
	const packedAt = fields.signedText("packedAt", TIMESTAMP);
	return Object.freeze({
		version: 1,
		identity: fields.signedText("identity"),
		environment: fields.signedText("environment"),
		revision: fields.signedText("revision"),
		packedAt,
		packedAtMs: timestampMs(packedAt),
		ciphertextHash: fields.signedText("ciphertextHash", SHA256_HEX),
		...readExpiry(fields),
	});
}

function readExpiry(fields: Fields): Pick<ArtifactHeader, "expiresAt" | "expiresAtMs"> {
	if (fields.value("expiresAt") === undefined) return {};
	const expiresAt = fields.signedText("expiresAt", TIMESTAMP);
	return { expiresAt, expiresAtMs: timestampMs(expiresAt) };
}
