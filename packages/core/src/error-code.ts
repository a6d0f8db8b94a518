import { ArtifactError, type ArtifactErrorCode } from "@clef-sh/artifact";
import { CacheError, type CacheErrorCode } from "@clef-sh/cache";
import { DecryptError, type DecryptErrorCode } from "@clef-sh/decryptors";
import { SourceError, type SourceErrorCode } from "@clef-sh/sources";
import { AgentError, type AgentErrorCode } from "./agent-error.js";

/** Every code an agent's error can carry. */
export type ErrorCode =
	| AgentErrorCode
	| ArtifactErrorCode
	| CacheErrorCode
	| DecryptErrorCode
	| SourceErrorCode;

/** An error of ours: its message is one sentence that may be shown to anyone. */
export type CodedError = AgentError | ArtifactError | CacheError | DecryptError | SourceError;

/** Whether an error is one of ours, and so safe to show and to log. */
export function isCodedError(error: unknown): error is CodedError {
	return [AgentError, ArtifactError, CacheError, DecryptError, SourceError].some(
		(known) => error instanceof known,
	);
}
