/**
 * The code of the error at the bottom of what `fetch` or a body threw; undefined when none has one.
 *
 * `fetch` wraps the real reason, and several addresses tried at once are wrapped again.
 */
export function networkCode(error: unknown): string | undefined {
	for (const each of chain(error)) {
		if ("code" in each && typeof each.code === "string" && /^[A-Z][A-Z0-9_]*$/.test(each.code))
			return each.code;
	}
	return undefined;
}

/** The error and its causes, outermost first; of several tried at once, the first. */
export function* chain(error: unknown): Generator<Error> {
	let next = error;
	for (let depth = 0; next instanceof Error && depth < 6; depth += 1) {
		yield next;
		next = next.cause ?? (next instanceof AggregateError ? next.errors[0] : undefined);
	}
}

/** Whether this code says that somebody waited too long. */
export function isTimeout(code = ""): boolean {
	return /^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/.test(code);
}

/** Whether this code says that a TLS certificate was not believed. */
export function isUntrustedCertificate(code = ""): boolean {
	return /CERT|SIGNATURE|ERR_TLS/.test(code);
}
