import type { Clock } from "@clef-sh/core";
import { entityTag, matchesEntityTag } from "../entity-tag.js";
import { malformed, refusal } from "../refusal.js";
import { type Reply, STANDING_HEADERS } from "../reply.js";
import type { RouteRequest } from "../route-request.js";
import type { Changes } from "./changes.js";
import { EventStreams } from "./event-streams.js";
import { LongPolls } from "./long-polls.js";
import type { WatchedAgent } from "./watched-agent.js";

/** What {@link PushRoutes} is made from. */
export interface PushParts {
	readonly agent: WatchedAgent;
	readonly changes: Changes;
	readonly clock: Pick<Clock, "setTimeout">;
}

/** Longest time that a client may ask to wait for, in seconds; whoever asks for more gets this. */
const LONGEST_WAIT_S = 300;
/** Streams and waiting requests together: each holds a connection, and others need some too. */
const MOST_WAITING = 1_024;

const UNREADABLE_WAIT = malformed("?wait takes whole seconds, such as ?wait=60.");
const TOO_MANY_WAITING = refusal(
	503,
	"TOO_MANY_WAITING",
	"Too many clients wait for changes; ask again later, or without waiting.",
	{ "Retry-After": "5" },
);
const STREAM_HEADERS = { ...STANDING_HEADERS, "Content-Type": "text/event-stream" };

/** What clients get that would rather be told than ask again and again. */
export class PushRoutes {
	readonly #agent: WatchedAgent;
	readonly #streams: EventStreams;
	readonly #polls: LongPolls;

	constructor(parts: PushParts) {
		this.#agent = parts.agent;
		this.#streams = new EventStreams(parts);
		this.#polls = new LongPolls(parts);
	}

	/** `GET /v1/events`: an event stream that never ends by itself. */
	events({ headers, method }: RouteRequest): Reply {
		if (this.#isFull()) return TOO_MANY_WAITING;
		const head = { status: 200, headers: STREAM_HEADERS, body: null };
		// A stream that nobody reads would wait for its end.
		if (method === "HEAD") return head;
		const id = headers.get("last-event-id") ?? undefined;
		return { ...head, stream: (sink) => this.#streams.open(sink, id) };
	}

	/**
	 * Waits as long as `?wait` asks for and `If-None-Match` holds; what it gives is an answer without waiting. Not a
	 * promise where nobody asks to wait: this is on the way of every answer.
	 */
	wait(request: RouteRequest): Promise<Reply | undefined> | undefined {
		const wait = request.query("wait");
		return wait === undefined ? undefined : this.#wait(request, wait);
	}

	async #wait(request: RouteRequest, wait: string): Promise<Reply | undefined> {
		const condition = request.headers.get("if-none-match");
		if (!/^\d{1,9}$/.test(wait)) return UNREADABLE_WAIT;
		if (condition === null) return undefined;
		if (this.#isFull()) return TOO_MANY_WAITING;
		const format = request.query("format") === "flat" ? "flat" : "packed";
		await this.#polls.wait({
			waitMs: Math.min(Number(wait), LONGEST_WAIT_S) * 1_000,
			isSame: () => {
				const { revision, state } = this.#agent.status();
				return (
					state === "ready" && revision !== null && matchesEntityTag(condition, entityTag(revision, format))
				);
			},
			onGone: (leave) => request.whenGone(leave),
		});
		return undefined;
	}

	#isFull(): boolean {
		return this.#streams.size + this.#polls.size >= MOST_WAITING;
	}
}
