export { secretsFromDotenv } from "./dotenv.js";
export type {
	ArtifactInspection,
	EncryptionInspection,
	Inspection,
	RevocationInspection,
} from "./inspect.js";
export { inspectArtifact } from "./inspect.js";
export type { AgeKeyPair, SigningKeyPair } from "./keygen.js";
export { generateAgeIdentity, generateSigningKey } from "./keygen.js";
export type { PackOptions } from "./pack.js";
export { packArtifact } from "./pack.js";
export type { PackErrorCode } from "./pack-error.js";
export { PackError } from "./pack-error.js";
export { revokeArtifact } from "./revoke.js";
