import type { Secrets } from "@clef-sh/artifact";
import type { Unservable } from "@clef-sh/cache";
import type { ModeName } from "./mode.js";
import type { OpenSecrets } from "./open-secrets.js";
import type { RefreshOutcome } from "./refresh-cycle.js";
import type { LastError } from "./reporter.js";

/** Verified secrets in this process, kept fresh until it is closed. */
export interface Agent extends AsyncDisposable {
	readonly mode: ModeName;
	/**
	 * What is held now. Throws a `CacheError` when nothing may be served, and an `AgentError` in just-in-time
	 * mode, where secrets take a decryption and so {@link open}.
	 */
	secrets(): Secrets;
	/**
	 * Secrets in either mode; a stale cache first tries one refresh, shared by everyone waiting. Rejects with a
	 * `CacheError` when nothing may be served, and with a `DecryptError` when just-in-time decryption fails.
	 */
	open(): Promise<OpenSecrets>;
	/**
	 * What {@link open} would resolve with, where that takes no waiting; undefined where it would wait or reject. Saves
	 * a turn of the event loop where every answer counts.
	 */
	openNow(): OpenSecrets | undefined;
	/** Starts a refresh, or joins the one in flight. Never rejects: a failure is the outcome `kept`. */
	refresh(): Promise<RefreshOutcome>;
	/**
	 * The outcome of a refresh that began after this was called, for whoever knows that the source holds something else
	 * now. Never rejects.
	 */
	refreshAnew(): Promise<RefreshOutcome>;
	/**
	 * Starts the refresh whose time has come though its timer has not fired, or joins the one in flight; undefined
	 * when neither. For hosts that stop the process, and its timers with it. Never rejects.
	 */
	refreshIfDue(): Promise<RefreshOutcome> | undefined;
	/**
	 * Tells the agent that the process stood still for a while: a refresh in flight begins anew, since its connection
	 * may be dead. Otherwise as {@link refreshIfDue}.
	 */
	resumed(): Promise<RefreshOutcome> | undefined;
	/**
	 * Tells the agent that the source may hold something else now: refreshes at once, and once more if a read was
	 * already under way. However often it is called meanwhile, that stays one.
	 */
	sourceChanged(): void;
	status(): AgentStatus;
	/** Stops the loop, aborts what is in flight and wipes memory: what nobody reads any more, when this turn ends. */
	close(): Promise<void>;
}

/** What the agent says of itself; nothing of it is secret. */
export interface AgentStatus {
	readonly state: "ready" | Unservable;
	readonly mode: ModeName;
	/** Of the artifact held, whether or not it may be served. */
	readonly revision: string | null;
	/** When the source last delivered or confirmed what is held, epoch milliseconds. */
	readonly lastRefreshAt: number | null;
	/** How long ago that was, in milliseconds; counts time in which the machine was suspended. */
	readonly ageMs: number | null;
	/** When what is held ends, epoch milliseconds; null also when it has no end. */
	readonly expiresAt: number | null;
	/** Whether the held artifact's own end has passed. */
	readonly expired: boolean;
	/** Null once what failed, a refresh or a just-in-time decryption, has succeeded after it. */
	readonly lastError: LastError | null;
}
