/**
 * Reads `name=value,name=value`, percent-encoded, as OpenTelemetry writes headers and resource attributes. A part
 * without a name or a value is passed over.
 */
export function parseKeyPairs(text: string): ReadonlyMap<string, string> {
	const pairs = new Map<string, string>();
	for (const part of text.split(",")) {
		const equals = part.indexOf("=");
		if (equals === -1) continue;
		const name = percentDecoded(part.slice(0, equals).trim());
		const value = percentDecoded(part.slice(equals + 1).trim());
		if (name !== "" && value !== "") pairs.set(name, value);
	}
	return pairs;
}

/** The text without its percent-encoding, or as it is: a token may hold a per cent sign that encodes nothing. */
export function percentDecoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
