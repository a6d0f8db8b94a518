import { chain, isTimeout, isUntrustedCertificate, networkCode } from "./network-code.js";
import { ProxyFailure, proxyError } from "./proxy-failure.js";
import { SourceError } from "./source-error.js";

const UNREADABLE = /^(HPE_|Z_|ERR__?ZLIB|ERR__ERROR_FORMAT|ERR_PADDING|UND_ERR_HEADERS_OVERFLOW)/;

/**
 * Turns what `fetch` or its body threw into a `SourceError` that keeps nothing of it but the error code.
 *
 * A body that ends too early is `SOURCE_UNREACHABLE`: a lost connection, which the next try may not meet. Bytes
 * that are no HTTP or no valid compression are `SOURCE_BAD_RESPONSE`.
 */
export function networkError(error: unknown, description: string): SourceError {
	const failure = [...chain(error)].find((each) => each instanceof ProxyFailure);
	if (failure instanceof ProxyFailure) return proxyError(failure, description);
	const code = networkCode(error);
	if (isTimeout(code)) {
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
	if (isUntrustedCertificate(code)) {
		return "the server's certificate is not trusted, NODE_EXTRA_CA_CERTS can name a private authority";
	}
	return "check that the server is up and that the connection to it is not cut";
}
