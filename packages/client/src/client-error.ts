/** Why a call of the client failed. */
export type ClientErrorCode =
	| "AGENT_UNREACHABLE"
	| "AGENT_NOT_READY"
	| "AGENT_REFUSED"
	| "UNAUTHORIZED"
	| "SECRET_NOT_FOUND"
	| "SECRET_AMBIGUOUS"
	| "RATE_LIMITED"
	| "BAD_RESPONSE"
	| "CONFIG_INVALID"
	| "ABORTED";

/** Why an agent that runs serves no secrets. */
export type NotReadyReason = "not_loaded" | "cache_expired" | "artifact_expired" | "revoked";

/** What a `ClientError` may carry beside its code and sentence. */
export interface ClientErrorOptions {
	readonly cause?: unknown;
	readonly reason?: NotReadyReason | undefined;
	readonly agentCode?: string | undefined;
	readonly retryAfterMs?: number | undefined;
}

/** Last until something new is packed; no retry helps. */
const LASTING_REASONS: readonly (NotReadyReason | undefined)[] = ["artifact_expired", "revoked"];

/**
 * What every call of the client rejects with: one sentence with a hint, which never holds a secret, a token or text
 * that came from the network.
 */
export class ClientError extends Error {
	override readonly name = "ClientError";
	readonly code: ClientErrorCode;
	/** Whether the same call may succeed a little later without anybody doing anything. */
	readonly retryable: boolean;
	/** Set when `code` is `AGENT_NOT_READY` and the agent gave one. */
	declare readonly reason?: NotReadyReason;
	/** The agent's own code, such as `SOURCE_UNREACHABLE`, where it gave one. */
	declare readonly agentCode?: string;
	/** How long the agent asked to be left alone. */
	declare readonly retryAfterMs?: number;

	constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
		super(message, "cause" in options ? { cause: options.cause } : undefined);
		const { reason, agentCode, retryAfterMs } = options;
		this.code = code;
		this.retryable =
			code === "AGENT_UNREACHABLE" ||
			code === "RATE_LIMITED" ||
			(code === "AGENT_NOT_READY" && !LASTING_REASONS.includes(reason));
		if (reason !== undefined) this.reason = reason;
		if (agentCode !== undefined) this.agentCode = agentCode;
		if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
	}
}
