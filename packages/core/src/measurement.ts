import type { KmsProvider } from "@clef-sh/artifact";
import type { ErrorCode } from "./error-code.js";
import type { AgentEvent, Occurrence } from "./event.js";

/** What is told each time something is done, too often for a log: the stuff of metrics and traces. None of it is secret. */
export type AgentMeasurement = RefreshFinished | SecretsDecrypted | KmsCalled;

/** Everything that an agent tells. */
export type AgentReport = AgentEvent | AgentMeasurement;

/** One refresh ended, well or not; told after every one. */
export interface RefreshFinished extends Occurrence {
	readonly event: "refresh.finished";
	/** Wall time, epoch milliseconds. */
	readonly startedAt: number;
	readonly durationMs: number;
	readonly outcome: "replaced" | "confirmed" | "kept" | "revoked";
	readonly code: ErrorCode | undefined;
	/** In the order they were reached. */
	readonly steps: readonly RefreshStep[];
}

/** A part of a refresh that was reached. */
export interface RefreshStep {
	readonly name: "read" | "verify" | "decrypt";
	/** Wall time, epoch milliseconds. */
	readonly startedAt: number;
	readonly durationMs: number;
	readonly code: ErrorCode | undefined;
}

/** A decryption ended. */
export interface SecretsDecrypted extends Occurrence {
	readonly event: "secrets.decrypted";
	readonly durationMs: number;
	readonly encryption: "age" | "kms";
	readonly code: ErrorCode | undefined;
}

/** A KMS was asked to unwrap a data key. */
export interface KmsCalled extends Occurrence {
	readonly event: "kms.called";
	readonly provider: KmsProvider;
	readonly durationMs: number;
	readonly code: ErrorCode | undefined;
}
