/** How refusals name what {@link decodeBase64} takes. */
export const CANONICAL_BASE64 = "canonical base64";

/**
 * Decodes standard base64, or returns `undefined` for anything but the one canonical spelling of the bytes.
 *
 * White space, the URL-safe alphabet, missing or surplus padding and non-zero spare bits are all refused.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
	// Node decodes leniently; only canonical text survives the round trip unchanged.
	const bytes = Buffer.from(text, "base64");
	return bytes.toString("base64") === text ? bytes : undefined;
}
