import type { SourceEnvironment } from "./source.js";

type Fetch = SourceEnvironment["fetch"];

/**
 * A fetch whose connections end with their response, for processes that are suspended between reads: a connection kept
 * meanwhile may be dead without either end knowing, and a read over it would fail or hang.
 */
export function unpooled(fetch: Fetch): Fetch {
	return (input, init) => {
		const headers = new Headers(init?.headers);
		headers.set("connection", "close");
		return fetch(input, { ...init, headers });
	};
}
