export { AwsKeyWrapper } from "./aws-key-wrapper.js";
export type { AwsKmsClient, AwsKmsOptions } from "./aws-kms.js";
export { AwsKmsSigner } from "./aws-kms-signer.js";
export type { AzureCredential, AzureKeyVaultOptions } from "./azure-key-wrapper.js";
export { AzureKeyWrapper } from "./azure-key-wrapper.js";
export type { KeyWrapperOptions } from "./create-key-wrapper.js";
export { createKeyWrapper } from "./create-key-wrapper.js";
export { secretsFromDotenv } from "./dotenv.js";
export type { GcpClient, GcpKmsOptions, GcpRequest } from "./gcp-key-wrapper.js";
export { GcpKeyWrapper } from "./gcp-key-wrapper.js";
export type {
	ArtifactInspection,
	EncryptionInspection,
	Inspection,
	RevocationInspection,
} from "./inspect.js";
export { inspectArtifact } from "./inspect.js";
export type { KeyWrapper, WrappedDataKey } from "./key-wrapper.js";
export type { AgeKeyPair, SigningKeyPair } from "./keygen.js";
export { generateAgeIdentity, generateSigningKey } from "./keygen.js";
export type { KmsPatience } from "./kms-call.js";
export type { PackContent, PackOptions, Sealing, Signing } from "./pack.js";
export { packArtifact } from "./pack.js";
export type { PackErrorCode, PackErrorOptions } from "./pack-error.js";
export { PackError } from "./pack-error.js";
export { revokeArtifact } from "./revoke.js";
export type { Signer } from "./signer.js";
