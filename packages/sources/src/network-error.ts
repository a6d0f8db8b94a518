import { SourceError } from "./source-error.js";

const TIMED_OUT = /^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/;
const UNREADABLE = /^(HPE_|Z_|ERR__?ZLIB|ERR__ERROR_FORMAT|ERR_PADDING|UND_ERR_HEADERS_OVERFLOW)/;
const UNTRUSTED_CERTIFICATE = /CERT|SIGNATURE|ERR_TLS/;

/**
 * Turns what `fetch` or its body threw into a `SourceError` that keeps nothing of it but the error code.
 *
 * A body that ends too early is `SOURCE_UNREACHABLE`: a lost connection, which the next try may not meet. Bytes
 * that are no HTTP or no valid compression are `SOURCE_BAD_RESPONSE`.
 */
export function networkError(error: unknown, description: string): SourceError {
	const code = codeOf(error);
	if (code !== undefined && TIMED_OUT.test(code)) {
		return new SourceError("SOURCE_TIMEOUT", `${description} did not answer in time (${code}).`);
	}
	if (code !== undefined && UNREADABLE.test(code)) {
		const hint = "check that the address speaks HTTP and that no proxy alters the answer";
		return new SourceError("SOURCE_BAD_RESPONSE", `${description} sent unreadable bytes (${code}); ${hint}.`);
	}
	const what = code === undefined ? "" : ` (${code})`;
	return new SourceError("SOURCE_UNREACHABLE", `Could not read ${description}${what}; ${hintFor(code)}.`);
}

function hintFor(code = ""): string {
	if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "check the host name and DNS";
	if (UNTRUSTED_CERTIFICATE.test(code)) {
		return "the server's certificate is not trusted, NODE_EXTRA_CA_CERTS can name a private authority";
	}
	return "check that the server is up and that the connection to it is not cut";
}

/** `fetch` wraps the real reason, and several addresses tried at once are wrapped again. */
function codeOf(error: unknown, depth = 0): string | undefined {
	if (!(error instanceof Error) || depth > 4) return undefined;
	if ("code" in error && typeof error.code === "string" && /^[A-Z][A-Z0-9_]*$/.test(error.code)) {
		return error.code;
	}
	const [first]: unknown[] = error instanceof AggregateError ? error.errors : [];
	return codeOf(error.cause, depth + 1) ?? codeOf(first, depth + 1);
}
