/** Text without control characters, invisible formatting and line breaks: nothing in it can steer a terminal. */
export function printable(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}
