import type { AgentStatus, Clock } from "@clef-sh/core";
import { revisionId } from "../entity-tag.js";
import type { Changes } from "./changes.js";
import { RevisionNames } from "./revision-names.js";
import { HEARTBEAT, retryAfter, serverSentEvent } from "./server-sent-event.js";
import type { StreamSink } from "./stream.js";
import type { WatchedAgent } from "./watched-agent.js";

/** What {@link EventStreams} is made from. */
export interface EventStreamsParts {
	readonly agent: WatchedAgent;
	readonly changes: Changes;
	readonly clock: Pick<Clock, "setTimeout">;
}

const HEARTBEAT_MS = 15_000;
/** How long clients wait before they connect again. */
const RETRY_MS = 1_000;
/** A client that leaves more than this unread is cut off; it learns the rest when it comes back. */
const LONGEST_BACKLOG = 65_536;
/** Streams that are written to in one turn. */
const AT_ONCE = 64;

/** What one client has been told. */
interface Stream {
	readonly sink: StreamSink;
	id: string | undefined;
	state: AgentStatus["state"] | undefined;
}

/** What there is to tell. */
type News = { readonly state: "ready"; readonly id: string; readonly revision: string } | Silence;
type Silence = { readonly state: Exclude<AgentStatus["state"], "ready"> };

/**
 * The open streams of `GET /v1/events`. Each remembers what its client knows, and gets the difference to what is: so
 * no change is told twice, and of several that came in between the last one counts.
 */
export class EventStreams {
	readonly #parts: EventStreamsParts;
	readonly #names = new RevisionNames();
	readonly #streams = new Set<Stream>();
	#cancelHeartbeat: (() => void) | undefined;
	#isLooking = false;
	#lookAgain = false;

	constructor(parts: EventStreamsParts) {
		this.#parts = parts;
		parts.changes.subscribe(() => {
			if (parts.changes.isClosed) this.#endAll();
			else if (this.#streams.size > 0) void this.#look();
		});
	}

	get size(): number {
		return this.#streams.size;
	}

	/** Begins a stream for a client that knows this revision; the returned function forgets it. */
	open(sink: StreamSink, lastEventId: string | undefined): () => void {
		const stream: Stream = { sink, id: lastEventId, state: undefined };
		sink.write(retryAfter(RETRY_MS));
		if (this.#parts.changes.isClosed) {
			sink.end();
			return () => undefined;
		}
		this.#streams.add(stream);
		this.#cancelHeartbeat ??= this.#beatLater();
		void this.#look();
		return () => this.#forget(stream);
	}

	/** One look at a time: whoever asks meanwhile gets another one after it. */
	async #look(): Promise<void> {
		this.#lookAgain = true;
		if (this.#isLooking) return;
		this.#isLooking = true;
		while (this.#lookAgain) {
			this.#lookAgain = false;
			const news = await this.#news();
			if (news !== undefined) await this.#tellAll(news);
		}
		this.#isLooking = false;
	}

	/** Undefined when what is held cannot be opened: there will be news when it can. */
	async #news(): Promise<News | undefined> {
		const { agent } = this.#parts;
		const { state, revision } = agent.status();
		if (state !== "ready" || revision === null) return state === "ready" ? undefined : { state };
		const id = revisionId(revision);
		if (this.#names.has(id)) return { state, id, revision };
		try {
			const opened = await agent.open();
			const openedId = revisionId(opened.revision);
			this.#names.remember(openedId, opened.secrets);
			return { state, id: openedId, revision: opened.revision };
		} catch {
			// The agent itself reports why.
			return undefined;
		}
	}

	async #tellAll(news: News): Promise<void> {
		const messages = new Map<string | undefined, Buffer>();
		let told = 0;
		for (const stream of [...this.#streams]) {
			if (this.#streams.has(stream)) this.#tell(stream, news, messages);
			told += 1;
			if (told % AT_ONCE === 0) await new Promise(setImmediate);
		}
	}

	#tell(stream: Stream, news: News, messages: Map<string | undefined, Buffer>): void {
		if (news.state !== "ready") {
			// Before anything was loaded there is nothing to have lost.
			if (news.state === "not_loaded" || news.state === stream.state) return;
			stream.state = news.state;
			const event = news.state === "revoked" ? "revoked" : "expired";
			this.#write(stream, serverSentEvent(event, { reason: news.state }));
			return;
		}
		const { id, revision } = news;
		const wasSilent = stream.state !== undefined && stream.state !== "ready";
		stream.state = "ready";
		if (wasSilent) this.#write(stream, serverSentEvent("recovered", { revision }));
		if (stream.id === id) return;
		const message = messages.get(stream.id) ?? this.#revisionMessage(stream.id, id, revision);
		messages.set(stream.id, message);
		stream.id = id;
		this.#write(stream, message);
	}

	#revisionMessage(from: string | undefined, id: string, revision: string): Buffer {
		// An id of ours is a revision percent-encoded or as it is, and then without a per cent sign.
		const since = from !== undefined && this.#names.has(from) ? decodeURIComponent(from) : null;
		const changes = this.#names.between(from, id);
		return serverSentEvent("revision", { revision, since, ...changes }, id);
	}

	#write(stream: Stream, bytes: Buffer): void {
		if (stream.sink.backlog <= LONGEST_BACKLOG) {
			stream.sink.write(bytes);
			return;
		}
		this.#forget(stream);
		stream.sink.cut();
	}

	#beatLater(): () => void {
		return this.#parts.clock.setTimeout(() => {
			for (const stream of [...this.#streams]) this.#write(stream, HEARTBEAT);
			this.#cancelHeartbeat = this.#streams.size > 0 ? this.#beatLater() : undefined;
		}, HEARTBEAT_MS);
	}

	#forget(stream: Stream): void {
		this.#streams.delete(stream);
		if (this.#streams.size > 0) return;
		this.#cancelHeartbeat?.();
		this.#cancelHeartbeat = undefined;
	}

	#endAll(): void {
		for (const stream of [...this.#streams]) {
			this.#forget(stream);
			stream.sink.end();
		}
	}
}
