/** What the checks and routes read of a request's headers; names in lower case. */
export type RequestHeaders = Pick<Headers, "get" | "has">;

/**
 * Headers as Node's parser handed them over (name, value, name, value), with the values of a repeated name joined as
 * Fetch joins them. Making a `Headers` of them takes longer than answering.
 */
export class RawHeaders implements RequestHeaders {
	readonly #values = new Map<string, string>();

	constructor(raw: readonly string[]) {
		for (let i = 0; i < raw.length; i += 2) {
			const name = raw[i]?.toLowerCase() ?? "";
			const value = raw[i + 1] ?? "";
			const earlier = this.#values.get(name);
			this.#values.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
		}
	}

	get(name: string): string | null {
		return this.#values.get(name) ?? null;
	}

	has(name: string): boolean {
		return this.#values.has(name);
	}
}
