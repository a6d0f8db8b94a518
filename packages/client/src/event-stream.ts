import { ClientError } from "./client-error.js";

/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
	/** `message` where the stream names none. */
	readonly type: string;
	readonly data: string;
	/** The latest `id` of the stream, which stays until another comes; empty before the first. */
	readonly id: string;
}

/** A longer line, and longer data of one event, is an error: a stream must not fill the memory. */
export const LONGEST_LINE: number = 1024 * 1024;

/** A CR that ends a chunk may be half of an end of line. */
const LINE_END = /\r\n|\r|\n/g;

/** Reads a `text/event-stream` as its bytes come, cut anywhere. */
export class EventStreamParser {
	// It drops a byte order mark and puts U+FFFD for what is no UTF-8, as the format says.
	readonly #decoder = new TextDecoder();
	#line = "";
	#hasEndedInCr = false;
	#type = "";
	#data: string | undefined;
	#id = "";
	#retryMs: number | undefined;

	/** How long the server asks to wait before a new connection, where it said so. */
	get retryMs(): number | undefined {
		return this.#retryMs;
	}

	/** The events that this chunk completes. Throws `ClientError` (`BAD_RESPONSE`) where one grows too long. */
	push(chunk: Uint8Array): ServerSentEvent[] {
		const decoded = this.#decoder.decode(chunk, { stream: true });
		if (decoded === "") return [];
		const text = this.#hasEndedInCr && decoded.startsWith("\n") ? decoded.slice(1) : decoded;
		this.#hasEndedInCr = decoded.endsWith("\r");
		const events: ServerSentEvent[] = [];
		let start = 0;
		// Only new text is searched, so that a line which comes byte by byte is not searched again each time.
		for (const { 0: end, index } of text.matchAll(LINE_END)) {
			this.#grow(text.slice(start, index));
			start = index + end.length;
			const event = this.#endLine();
			if (event !== undefined) events.push(event);
		}
		this.#grow(text.slice(start));
		return events;
	}

	#grow(text: string): void {
		this.#line += text;
		if (this.#line.length > LONGEST_LINE) throw tooLong();
	}

	#endLine(): ServerSentEvent | undefined {
		const line = this.#line;
		this.#line = "";
		if (line === "") return this.#dispatch();
		const colon = line.indexOf(":");
		const name = colon === -1 ? line : line.slice(0, colon);
		const value = colon === -1 ? "" : line.slice(colon + 1);
		this.#setField(name, value.startsWith(" ") ? value.slice(1) : value);
		return undefined;
	}

	/** Comments are fields without a name, and are passed over as unknown ones are. */
	#setField(name: string, value: string): void {
		if (name === "event") this.#type = value;
		else if (name === "data") this.#addData(value);
		else if (name === "id" && !value.includes("\0")) this.#id = value;
		else if (name === "retry" && /^\d+$/.test(value)) this.#retryMs = Number(value);
	}

	#addData(value: string): void {
		this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
		if (this.#data.length > LONGEST_LINE) throw tooLong();
	}

	#dispatch(): ServerSentEvent | undefined {
		const event = { type: this.#type || "message", data: this.#data ?? "", id: this.#id };
		const isEvent = this.#data !== undefined;
		this.#type = "";
		this.#data = undefined;
		return isEvent ? event : undefined;
	}
}

function tooLong(): ClientError {
	return new ClientError(
		"BAD_RESPONSE",
		`An event of the agent is longer than ${LONGEST_LINE} characters; check that it is a clef-agent that answers.`,
	);
}
