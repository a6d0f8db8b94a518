export type { FlatSecrets, NamespacedSecrets, TrustedKey, VerifiedArtifact } from "@clef-sh/artifact";
export { ArtifactError, importTrustedKeys, Secrets } from "@clef-sh/artifact";
export type { CacheFiles, Unservable } from "@clef-sh/cache";
export { CacheError } from "@clef-sh/cache";
export type { Decryptor, DecryptorOptions } from "@clef-sh/decryptors";
export { createDecryptor, DecryptError } from "@clef-sh/decryptors";
export type { Source, SourceOptions, SourceResult, SourceType, Validator, Watch } from "@clef-sh/sources";
export {
	createOutboundFetch,
	createSource,
	networkCode,
	retryAfterMs,
	SourceError,
	unpooled,
} from "@clef-sh/sources";
export type { Agent, AgentStatus } from "./agent.js";
export type { AgentErrorCode } from "./agent-error.js";
export { AgentError } from "./agent-error.js";
export type { AgentOptions } from "./agent-options.js";
export { MAX_TTL_SECONDS } from "./agent-options.js";
export type { Clock } from "./clock.js";
export { systemClock } from "./clock.js";
export { createAgent } from "./create-agent.js";
export type { CodedError, ErrorCode } from "./error-code.js";
export { isCodedError } from "./error-code.js";
export type {
	AgentEvent,
	AgentRecovered,
	AgentStarted,
	AgentStopped,
	ArtifactExpired,
	ArtifactInvalid,
	ArtifactRefreshed,
	ArtifactRestored,
	ArtifactRevoked,
	CacheExpired,
	CredentialFailed,
	DiskFailed,
	DiskRecovered,
	FetchFailed,
	InvalidReason,
	Serving,
} from "./event.js";
export type {
	AgentMeasurement,
	AgentReport,
	KmsCalled,
	RefreshFinished,
	RefreshStep,
	SecretsDecrypted,
} from "./measurement.js";
export type { ModeName } from "./mode.js";
export type { BodyFormat, OpenSecrets } from "./open-secrets.js";
export type { RefreshOutcome } from "./refresh-cycle.js";
export type { LastError } from "./reporter.js";
