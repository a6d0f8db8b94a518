import type { IncomingMessage, ServerResponse } from "node:http";
import { type Behaviour, behaviours } from "@clef-sh/testkit/servers";
import type { Edition } from "./artifacts.js";
import type { Facts, Moment } from "./facts.js";
import type { Answer } from "./model.js";

/** What the place does when it is read. */
export type Place =
	/** Answers with this, and 304 to who has it; without a tag it cannot know who does. */
	| { readonly kind: "honest"; readonly edition: Edition; readonly isTagged: boolean }
	/** The same, but only when the test lets it. */
	| { readonly kind: "slow"; readonly edition: Edition }
	/** Says 304 to everyone. */
	| { readonly kind: "unmodified" }
	/** Anything that no agent may take for an answer. */
	| { readonly kind: "failure"; readonly behaviour: Behaviour }
	/** Begins and does not end. */
	| { readonly kind: "hang"; readonly behaviour: Behaviour };

/** A read that has not ended, or whose end nobody has looked at yet. */
interface OpenRead {
	readonly process: number;
	readonly askedWith: string | undefined;
	readonly startedAt: Moment;
	readonly response: ServerResponse;
	readonly slow: Edition | undefined;
	answer: Answer | undefined;
}

const JUNK: Facts = { kind: "junk" };

/** The source of one episode: what it answers, and to whom it answered what. */
export class ChaosSource {
	place: Place;
	/** Everything that it was ever given to answer with. */
	readonly offered: Edition[] = [];
	readonly #once: Place[] = [];
	readonly #now: () => Moment;
	#reads: OpenRead[] = [];
	readonly #received: Map<number, number> = new Map();
	readonly #lastReadMs: Map<number, number> = new Map();

	constructor(place: Place, now: () => Moment) {
		this.place = place;
		this.#now = now;
		this.offer(place);
	}

	/** Puts something into the place: for good, or for the coming read alone. */
	offer(place: Place, once = false): void {
		if (place.kind === "honest" || place.kind === "slow") this.offered.push(place.edition);
		if (once) this.#once.push(place);
		else this.place = place;
	}

	forgetOnce(): void {
		this.#once.splice(0);
	}

	serve(process: number, request: IncomingMessage, response: ServerResponse): void {
		const place = this.#once.shift() ?? this.place;
		const askedWith = request.headers["if-none-match"];
		const slow = place.kind === "slow" ? place.edition : undefined;
		const read: OpenRead = {
			process,
			askedWith,
			startedAt: this.#now(),
			response,
			slow,
			answer: undefined,
		};
		this.#reads.push(read);
		this.#lastReadMs.set(process, read.startedAt.monotonicMs);
		this.#received.set(process, (this.#received.get(process) ?? 0) + 1);
		if (place.kind === "honest") this.#deliver(read, place.edition, place.isTagged, request);
		else if (place.kind === "unmodified") {
			this.#close(read, "unmodified", JUNK, undefined);
			response.writeHead(304).end();
		} else if (place.kind !== "slow") {
			if (place.kind === "failure") this.#close(read, "failure", JUNK, undefined);
			place.behaviour(request, response);
		}
	}

	/** Whether a process that has begun so many reads waits for an answer that does not come by itself. */
	keepsWaiting(process: number, readsBegun: number): boolean {
		const last = this.#reads.findLast((read) => read.process === process);
		return last?.answer === undefined && this.#received.get(process) === readsBegun && last !== undefined;
	}

	/** When this process began its last read, or saw it end, on the monotonic clock. */
	lastReadMs(process: number): number {
		return this.#lastReadMs.get(process) ?? Number.NEGATIVE_INFINITY;
	}

	/** Whether this process has read at all. */
	wasReadBy(process: number): boolean {
		return this.#received.has(process);
	}

	/** Whether there is an answer to this process that nobody has taken yet. */
	hasAnswered(process: number): boolean {
		return this.#reads.some((read) => read.process === process && read.answer !== undefined);
	}

	/** Answers everyone who has been waiting for a slow answer. */
	release(): void {
		for (const read of this.#reads) {
			if (read.slow === undefined || read.answer !== undefined || read.response.destroyed) continue;
			const { bytes, facts, tag } = read.slow;
			this.#close(read, "body", facts, tag);
			read.response.writeHead(200, { etag: tag, "content-length": bytes.length }).end(bytes);
		}
	}

	/** What this process was told since the last call; `hasGivenUp` when it waits for no answer any more. */
	takeAnswers(process: number, hasGivenUp: boolean): readonly Answer[] {
		const own = this.#reads.filter((read) => read.process === process);
		for (const read of own.filter(({ answer }, at) => !answer && (hasGivenUp || at < own.length - 1))) {
			this.#close(read, "failure", JUNK, undefined);
			read.response.destroy();
		}
		const ended = own.filter(({ answer }) => answer !== undefined);
		this.#reads = this.#reads.filter((read) => !ended.includes(read));
		return ended.map(({ answer }) => answer).filter((answer) => answer !== undefined);
	}

	/** Cuts off whoever this process waits for: it is dead. */
	forget(process: number): void {
		for (const { response } of this.#reads.filter((read) => read.process === process)) response.destroy();
		this.#reads = this.#reads.filter((read) => read.process !== process);
	}

	#deliver(read: OpenRead, edition: Edition, isTagged: boolean, request: IncomingMessage): void {
		const has = isTagged && read.askedWith === edition.tag;
		const tag = isTagged ? edition.tag : undefined;
		if (has) this.#close(read, "unmodified", JUNK, undefined);
		else this.#close(read, "body", edition.facts, tag);
		behaviours.ok(edition.bytes, { etag: tag ?? null })(request, read.response);
	}

	#close(read: OpenRead, kind: Answer["kind"], facts: Facts, tag: string | undefined): void {
		const { askedWith, startedAt } = read;
		this.#lastReadMs.set(read.process, this.#now().monotonicMs);
		read.answer = { kind, facts, tag, askedWith, startedAt, answeredAt: this.#now() };
	}
}
