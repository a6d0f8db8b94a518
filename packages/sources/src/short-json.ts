/**
 * What an API has to say beside a status is short. Nothing longer is taken apart: JSON and XML can become thirty times as
 * large in memory, and the body of a refusal may be as long as an artifact's.
 */
export const LONGEST_REMARK_BYTES = 65_536;

/** Reads a JSON object that explains an answer; an empty one stands for anything else. */
export function shortJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
	if (bytes.length > LONGEST_REMARK_BYTES) return {};
	try {
		return Object(JSON.parse(Buffer.from(bytes).toString("utf8")));
	} catch {
		return {};
	}
}
