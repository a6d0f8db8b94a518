import type { Change } from "./change.js";
import type { ClientError, NotReadyReason } from "./client-error.js";

/** Whether the agent serves secrets now, and if not, why. */
export type AgentState = "ready" | NotReadyReason;

/** What a watch learns. */
export type News =
	| { readonly kind: "change"; readonly change: Change }
	| { readonly kind: "state"; readonly state: AgentState }
	| { readonly kind: "error"; readonly error: ClientError }
	/** The agent answers: waits between attempts begin anew. */
	| { readonly kind: "contact"; readonly retryMs?: number | undefined };
