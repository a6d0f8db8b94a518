/** What an API has to say beside a status is short; longer bodies are not looked at, as JSON can become huge in memory. */
const LONGEST_BYTES = 65_536;

/** Reads a short JSON object; an empty one stands for anything else. */
export function shortJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
	if (bytes.length > LONGEST_BYTES) return {};
	try {
		return Object(JSON.parse(Buffer.from(bytes).toString("utf8")));
	} catch {
		return {};
	}
}
