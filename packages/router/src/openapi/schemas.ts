import type { AgentStatus } from "@clef-sh/core";
import type { NameChanges } from "../push/revision-names.js";
import { AGENT_CODES, MODES, QUIET_OUTCOMES, REASONS, REFUSAL_CODES, UNAVAILABLE_CODES } from "./codes.js";
import type { Reference, Schema } from "./types.js";

/** Names of {@link SCHEMAS}. */
export type SchemaName =
	| "AgentCode"
	| "RefusalCode"
	| "Reason"
	| "Mode"
	| "LastError"
	| "Refusal"
	| "Unavailable"
	| "Health"
	| "Ready"
	| "NotReady"
	| "FlatSecrets"
	| "Secrets"
	| "SecretValue"
	| "Names"
	| "Refresh"
	| "RevisionEvent"
	| "RevokedEvent"
	| "ExpiredEvent"
	| "RecoveredEvent";

const text: Schema = { type: "string" };
const names: Schema = { type: "array", items: text };
const nullableRevision: Schema = { type: ["string", "null"], description: "The revision held." };
const revision: Schema = { type: "string", description: "The revision that is served now." };

/** An object with these properties and no other; all of them are required but those named. */
function exactly(properties: Readonly<Record<string, Schema>>, ...optional: readonly string[]): Schema {
	const required = Object.keys(properties).filter((name) => !optional.includes(name));
	return { type: "object", properties, required, additionalProperties: false };
}

const healthOfStatus = {
	state: { type: "string", enum: ["ready", ...REASONS] },
	mode: { $ref: "#/components/schemas/Mode" },
	revision: nullableRevision,
	lastRefreshAt: {
		type: ["integer", "null"],
		minimum: 0,
		description: "When the source last delivered or confirmed what is held, epoch milliseconds.",
	},
	expired: { type: "boolean", description: "Whether the artifact's own end has passed." },
	lastError: {
		anyOf: [{ $ref: "#/components/schemas/LastError" }, { const: null }],
		description: "The latest failure that no success of its kind has followed.",
	},
} as const satisfies Record<Exclude<keyof AgentStatus, "ageMs" | "expiresAt">, Schema>;

const nameChanges = { added: names, changed: names, removed: names } satisfies Record<
	keyof NameChanges,
	Schema
>;

const flatSecrets: Schema = { type: "object", additionalProperties: text };

/** The schemas that responses and the event stream refer to, by name. */
export const SCHEMAS: Readonly<Record<SchemaName, Schema>> = {
	AgentCode: { type: "string", enum: AGENT_CODES, description: "What went wrong in the agent." },
	RefusalCode: { type: "string", enum: REFUSAL_CODES, description: "Why the API refuses a request." },
	Reason: { type: "string", enum: REASONS, description: "Why nothing may be served." },
	Mode: { type: "string", enum: MODES, description: "Decrypted once, or for each request (`jit`)." },
	LastError: exactly({
		code: { $ref: "#/components/schemas/AgentCode" },
		at: { type: "integer", minimum: 0, description: "Epoch milliseconds." },
	}),
	Refusal: exactly({
		error: { type: "string", description: "One sentence for people." },
		code: { $ref: "#/components/schemas/RefusalCode" },
	}),
	Unavailable: exactly(
		{
			error: { type: "string", description: "One sentence for people." },
			code: { type: "string", enum: UNAVAILABLE_CODES },
			reason: { $ref: "#/components/schemas/Reason" },
		},
		"reason",
	),
	Health: exactly({ status: { const: "ok" }, ...healthOfStatus }),
	Ready: exactly({ ready: { const: true } }),
	NotReady: exactly({ ready: { const: false }, reason: { $ref: "#/components/schemas/Reason" } }),
	FlatSecrets: { ...flatSecrets, description: "Values by name." },
	Secrets: {
		type: "object",
		description: "Values by name, or by namespace and then by name; as they were packed.",
		anyOf: [
			{ $ref: "#/components/schemas/FlatSecrets" },
			{ type: "object", additionalProperties: { $ref: "#/components/schemas/FlatSecrets" } },
		],
	},
	SecretValue: exactly({ value: text }),
	Names: { ...names, description: "Sorted; of namespaced secrets `<namespace>__<KEY>`." },
	Refresh: {
		type: "object",
		oneOf: [
			exactly({ outcome: { type: "string", enum: QUIET_OUTCOMES }, revision: nullableRevision }),
			exactly({
				outcome: { const: "kept" },
				revision: nullableRevision,
				error: exactly({ code: { $ref: "#/components/schemas/AgentCode" } }),
			}),
		],
	},
	RevisionEvent: exactly({
		revision,
		since: {
			type: ["string", "null"],
			description: "The event id that the names are compared with; null when it is not known any more.",
		},
		...nameChanges,
	}),
	RevokedEvent: exactly({ reason: { const: "revoked" } }),
	ExpiredEvent: exactly({ reason: { type: "string", enum: REASONS.filter(isExpiry) } }),
	RecoveredEvent: exactly({ revision }),
};

/** A pointer to one of the schemas. */
export function schemaRef(name: SchemaName): Reference {
	return { $ref: `#/components/schemas/${name}` };
}

function isExpiry(reason: (typeof REASONS)[number]): boolean {
	return reason === "artifact_expired" || reason === "cache_expired";
}
