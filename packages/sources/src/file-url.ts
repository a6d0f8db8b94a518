import { fileURLToPath } from "node:url";

/** The path a `file:` URL names, or one sentence why it names none. */
export type FileUrl = { readonly path: string } | { readonly reason: string };

/** Reads a `file:` URL strictly: absolute, without host, query, fragment, encoded slash or NUL. */
export function parseFileUrl(text: string): FileUrl {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url === undefined || !/^file:\//i.test(text)) {
		return { reason: "The source is not a valid file:// URL; write file:///absolute/path or a plain path." };
	}
	if (url.host !== "") {
		return { reason: "A file:// source names a host; write file:///absolute/path with three slashes." };
	}
	if (url.search !== "" || url.hash !== "") {
		return { reason: "A file:// source holds ? or #; write them as %3F and %23, or give a plain path." };
	}
	return decode(url);
}

function decode(url: URL): FileUrl {
	const refusal = {
		reason: "A file:// source holds an encoded slash, NUL or bad % sequence; give a plain path.",
	};
	try {
		const path = fileURLToPath(url);
		return path.includes("\0") ? refusal : { path };
	} catch {
		return refusal;
	}
}
