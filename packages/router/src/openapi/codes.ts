import type { AgentStatus, ErrorCode, RefreshOutcome } from "@clef-sh/core";
import type { RefusalCode } from "../refusal.js";

/** The members of a union of strings: the type asks for each of them, so that a new one cannot be forgotten. */
function membersOf<T extends string>(members: Readonly<Record<T, true>>): readonly T[] {
	return (Object.keys(members) as T[]).sort();
}

/** Codes of the agent's own errors. */
export const AGENT_CODES: readonly ErrorCode[] = membersOf<ErrorCode>({
	AGENT_NOT_FRESH: true,
	AGENT_NOT_READY: true,
	ARTIFACT_DIGEST_MISMATCH: true,
	ARTIFACT_EQUIVOCATED: true,
	ARTIFACT_EXPIRED: true,
	ARTIFACT_FROM_FUTURE: true,
	ARTIFACT_KEY_UNSUPPORTED: true,
	ARTIFACT_MALFORMED: true,
	ARTIFACT_REVOKED: true,
	ARTIFACT_ROLLED_BACK: true,
	ARTIFACT_SIGNATURE_INVALID: true,
	ARTIFACT_SIGNATURE_MISSING: true,
	ARTIFACT_SUBJECT_MISMATCH: true,
	ARTIFACT_VERSION_UNSUPPORTED: true,
	CACHE_UNREADABLE: true,
	CACHE_UNWRITABLE: true,
	CONFIG_INVALID: true,
	DECRYPT_AUTHENTICATION_FAILED: true,
	DECRYPT_NO_IDENTITY: true,
	DECRYPT_PAYLOAD_MALFORMED: true,
	DECRYPT_UNWRAP_FAILED: true,
	SOURCE_BAD_RESPONSE: true,
	SOURCE_NOT_FOUND: true,
	SOURCE_RATE_LIMITED: true,
	SOURCE_REDIRECT_REFUSED: true,
	SOURCE_TIMEOUT: true,
	SOURCE_TOO_LARGE: true,
	SOURCE_UNAUTHORIZED: true,
	SOURCE_UNREACHABLE: true,
});

/** Those that say why there are no secrets now; the other one ends an agent before it serves anything. */
export const UNAVAILABLE_CODES: readonly ErrorCode[] = AGENT_CODES.filter(
	(code) => code !== "CONFIG_INVALID",
);

/** Codes of the API's own refusals, whatever the agent holds. */
export const REFUSAL_CODES: readonly RefusalCode[] = membersOf<RefusalCode>({
	AMBIGUOUS_NAME: true,
	BROWSER_REFUSED: true,
	HOST_REFUSED: true,
	INTERNAL: true,
	METHOD_NOT_ALLOWED: true,
	NOT_FOUND: true,
	PROXY_REFUSED: true,
	REFRESH_TOO_SOON: true,
	REQUEST_MALFORMED: true,
	REQUEST_TIMEOUT: true,
	REQUEST_TOO_LARGE: true,
	TOO_MANY_WAITING: true,
	UNAUTHORIZED: true,
});

/** Why nothing may be served. */
type Unservable = Exclude<AgentStatus["state"], "ready">;

/** Reasons for which nothing is served. */
export const REASONS: readonly Unservable[] = membersOf<Unservable>({
	artifact_expired: true,
	cache_expired: true,
	not_loaded: true,
	revoked: true,
});

/** Ways to hold secrets. */
export const MODES: readonly AgentStatus["mode"][] = membersOf<AgentStatus["mode"]>({
	cached: true,
	jit: true,
});

/** Outcomes of a refresh after which no error is told. */
export const QUIET_OUTCOMES: readonly Exclude<RefreshOutcome["kind"], "kept">[] = membersOf<
	Exclude<RefreshOutcome["kind"], "kept">
>({ confirmed: true, replaced: true, revoked: true });
