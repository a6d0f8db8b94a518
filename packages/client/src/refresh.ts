import { isRecord } from "./shapes.js";

/** What a refresh that was asked for came to. */
export interface RefreshOutcome {
	/** `kept`: the refresh failed, and what was there before is served on. */
	readonly outcome: "replaced" | "confirmed" | "kept" | "revoked";
	readonly revision: string | null;
	readonly error?: { readonly code: string };
}

const OUTCOMES: readonly unknown[] = ["replaced", "confirmed", "kept", "revoked"];

/** Whether a value is the answer of `POST /v1/refresh`. */
export function isRefreshOutcome(value: unknown): value is RefreshOutcome {
	if (!isRecord(value) || !OUTCOMES.includes(value.outcome)) return false;
	const { error, revision } = value;
	const isError = error === undefined || (isRecord(error) && typeof error.code === "string");
	return isError && (revision === null || typeof revision === "string");
}
