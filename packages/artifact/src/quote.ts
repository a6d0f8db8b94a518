const MAX_LENGTH = 80;

/** Quotes foreign text for a message: escaped, on one line, and cut after 80 characters. */
export function quote(text: string): string {
	const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
	return JSON.stringify(cut).replace(/\p{Cc}/gu, "\ufffd");
}
