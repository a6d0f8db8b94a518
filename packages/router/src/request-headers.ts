/** What the checks and routes read of a request's headers; names in lower case. */
export type RequestHeaders = Pick<Headers, "get" | "has">;

/**
 * Headers as Node's parser handed them over (name, value, name, value), with the values of a repeated name joined as
 * Fetch joins them. They are looked through for each name: requests have few, and making a `Headers` or a map of them
 * takes longer than answering.
 */
export class RawHeaders implements RequestHeaders {
	readonly #raw: readonly string[];

	constructor(raw: readonly string[]) {
		this.#raw = raw;
	}

	get(name: string): string | null {
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
		const raw = this.#raw;
		for (let i = 0; i < raw.length; i += 2) if (isNamed(raw[i], name)) return true;
		return false;
	}
}

/** Lengths differ most often, and tell at once. */
function isNamed(sent: string | undefined, name: string): boolean {
	return sent?.length === name.length && (sent === name || sent.toLowerCase() === name);
}
