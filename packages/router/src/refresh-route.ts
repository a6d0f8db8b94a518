import type { RefreshOutcome } from "@clef-sh/core";
import { refusal } from "./refusal.js";
import { jsonReply, type Reply } from "./reply.js";

/** Starts refreshes for clients: how, and by which clock (milliseconds). */
export interface RefreshRouteParts {
	readonly refresh: () => Promise<RefreshOutcome>;
	/** Of what is held now. */
	readonly revision: () => string | null;
	readonly monotonic: () => number;
}

/** Least time between the starts of two refreshes that clients ask for. */
const INTERVAL_MS = 1_000;

const TOO_SOON = refusal(
	429,
	"REFRESH_TOO_SOON",
	"A refresh was asked for less than a second ago; wait for the time that Retry-After says.",
	{ "Retry-After": String(INTERVAL_MS / 1_000) },
);

/** `POST /v1/refresh`: starts a refresh, or joins the one that another client started, and tells its outcome. */
export function createRefreshRoute({
	refresh,
	revision,
	monotonic,
}: RefreshRouteParts): () => Promise<Reply> {
	let flight: Promise<RefreshOutcome> | undefined;
	let startedMs = Number.NEGATIVE_INFINITY;
	return async () => {
		if (flight === undefined) {
			if (monotonic() - startedMs < INTERVAL_MS) return TOO_SOON;
			startedMs = monotonic();
			flight = refresh().finally(() => {
				flight = undefined;
			});
		}
		const outcome = await flight;
		const told = { outcome: outcome.kind, revision: revision() };
		return jsonReply(200, outcome.kind === "kept" ? { ...told, error: { code: outcome.error.code } } : told);
	};
}
