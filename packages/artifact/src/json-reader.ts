/** What a JSON value is, judged by its first character. */
export type JsonKind = "text" | "number" | "boolean" | "null" | "array" | "object";

const KINDS: ReadonlyMap<string, JsonKind> = new Map([
	['"', "text"],
	["t", "boolean"],
	["f", "boolean"],
	["n", "null"],
	["[", "array"],
	["{", "object"],
	...Array.from("-0123456789", (character) => [character, "number"] as const),
]);

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const BOOLEAN = /true|false/y;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/**
 * Reads JSON text value by value.
 *
 * Unlike `JSON.parse` it shows every name of an object, duplicates too, and numbers as they were written.
 */
export class JsonReader {
	readonly #text: string;
	readonly #syntaxError: (position: number) => Error;
	#at = 0;

	/** `syntaxError` makes what is thrown where the text is not JSON; positions count from 0. */
	constructor(text: string, syntaxError: (position: number) => Error) {
		this.#text = text;
		this.#syntaxError = syntaxError;
	}

	/** The kind of the value that is next, without reading it. */
	next(): JsonKind {
		this.#skipSpace();
		const kind = KINDS.get(this.#text.charAt(this.#at));
		if (kind === undefined) throw this.#syntaxError(this.#at);
		return kind;
	}

	/** How many characters have been read. */
	get position(): number {
		return this.#at;
	}

	/** Reads an object name by name; whoever is given one reads its value before asking for the next. */
	*members(): Generator<string, void, undefined> {
		this.#expect("{");
		if (this.#take("}")) return;
		do {
			const name = this.text();
			this.#expect(":");
			yield name;
		} while (this.#take(","));
		this.#expect("}");
	}

	/** Reads a text, with its escapes resolved. */
	text(): string {
		this.#expect('"');
		const start = this.#at;
		const hasEscapes = this.#skipText();
		const end = this.#at;
		this.#at += 1;
		return hasEscapes ? this.#unescape(start, end) : this.#text.slice(start, end);
	}

	/** Reads a number and returns it as it was written: `1.0` stays `1.0`. */
	number(): string {
		return this.#match(NUMBER);
	}

	/** Reads `true` or `false` and returns the word. */
	boolean(): string {
		return this.#match(BOOLEAN);
	}

	/** Asserts that nothing but white space is left. */
	end(): void {
		this.#skipSpace();
		if (this.#at < this.#text.length) throw this.#syntaxError(this.#at);
	}

	/** Moves to the closing quote, and tells whether there were escapes on the way. */
	#skipText(): boolean {
		// Locals, since every character of a payload comes through here.
		const text = this.#text;
		let at = this.#at;
		let hasEscapes = false;
		for (;;) {
			const code = text.charCodeAt(at);
			if (code === QUOTE) break;
			// Past the end the code is NaN, which is not ">=" anything either.
			if (!(code >= FIRST_PRINTABLE)) throw this.#syntaxError(at);
			if (code === BACKSLASH) hasEscapes = true;
			at += code === BACKSLASH ? 2 : 1;
		}
		this.#at = at;
		return hasEscapes;
	}

	#unescape(start: number, end: number): string {
		try {
			return JSON.parse(`"${this.#text.slice(start, end)}"`);
		} catch {
			// No cause: the engine's message quotes the text.
			throw this.#syntaxError(start);
		}
	}

	#match(pattern: RegExp): string {
		pattern.lastIndex = this.#at;
		const [matched] = pattern.exec(this.#text) ?? [];
		if (matched === undefined) throw this.#syntaxError(this.#at);
		this.#at += matched.length;
		return matched;
	}

	#expect(character: string): void {
		if (!this.#take(character)) throw this.#syntaxError(this.#at);
	}

	#take(character: string): boolean {
		this.#skipSpace();
		if (this.#text.charAt(this.#at) !== character) return false;
		this.#at += 1;
		return true;
	}

	#skipSpace(): void {
		while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
	}
}

function isSpace(code: number): boolean {
	return code <= SPACE && (code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB);
}
