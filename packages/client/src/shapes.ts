/** Secrets as they were packed: by key, or by namespace and key. */
export type PackedSecrets = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** The answer of `/v1/health`. */
export interface AgentHealth {
	readonly status: string;
	readonly mode: "cached" | "jit";
	readonly state: "ready" | "not_loaded" | "cache_expired" | "artifact_expired" | "revoked";
	readonly revision: string | null;
	/** Milliseconds since the epoch. */
	readonly lastRefreshAt: number | null;
	readonly expired: boolean;
	readonly lastError: { readonly code: string; readonly at: number } | null;
}

/** Whether a value is an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is `{ [name]: text }`. */
export function isTexts(value: unknown): value is Readonly<Record<string, string>> {
	return isRecord(value) && Object.values(value).every((each) => typeof each === "string");
}

/** Whether a value is a list of texts. */
export function isNames(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** Whether a value is a payload, flat or in namespaces. */
export function isPacked(value: unknown): value is PackedSecrets {
	return isRecord(value) && Object.values(value).every((each) => typeof each === "string" || isTexts(each));
}

/** Whether a value is the answer for one secret. */
export function isValue(value: unknown): value is { readonly value: string } {
	return isRecord(value) && typeof value.value === "string";
}

/** Whether a value is a health report, as far as a program will rely on it. */
export function isHealth(value: unknown): value is AgentHealth {
	return isRecord(value) && typeof value.status === "string" && typeof value.state === "string";
}
