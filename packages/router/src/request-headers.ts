/** What the checks and routes read of a request's headers; names in lower case. */
export type RequestHeaders = Pick<Headers, "get" | "has">;

/**
 * Headers as Node's parser handed them over (name, value, name, value), with the values of a repeated name joined as
 * Fetch joins them. They are looked through for a name when one of its length is there: requests have few of all those
 * that are asked for, and making a `Headers` or a map of them takes longer than answering.
 */
export class RawHeaders implements RequestHeaders {
	readonly #raw: readonly string[];
	/** A bit for each length that a name has, of the lengths modulo 32. */
	readonly #lengths: number;

	constructor(raw: readonly string[]) {
		let lengths = 0;
		for (let i = 0; i < raw.length; i += 2) lengths |= lengthBit(raw[i]);
		this.#raw = raw;
		this.#lengths = lengths;
	}

	get(name: string): string | null {
		if ((this.#lengths & lengthBit(name)) === 0) return null;
		const raw = this.#raw;
		let joined: string | null = null;
		for (let i = 0; i < raw.length; i += 2) {
			if (!isNamed(raw[i], name)) continue;
			const value = raw[i + 1] ?? "";
			joined = joined === null ? value : `${joined}, ${value}`;
		}
		return joined;
	}

	has(name: string): boolean {
		if ((this.#lengths & lengthBit(name)) === 0) return false;
		const raw = this.#raw;
		for (let i = 0; i < raw.length; i += 2) if (isNamed(raw[i], name)) return true;
		return false;
	}
}

/** Shifts count modulo 32. */
function lengthBit(name = ""): number {
	return 1 << name.length;
}

/** Lengths differ most often, and tell at once. */
function isNamed(sent: string | undefined, name: string): boolean {
	return sent?.length === name.length && (sent === name || sent.toLowerCase() === name);
}
