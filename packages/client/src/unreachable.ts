import { ClientError } from "./client-error.js";

/** What `fetch` or a body threw, as an error of ours: only the network's code is taken over from it. */
export function unreachable(error: unknown): ClientError {
	if (error instanceof ClientError) return error;
	const code = networkCode(error);
	const detail = code === undefined ? "" : ` (${code})`;
	return new ClientError(
		"AGENT_UNREACHABLE",
		`The agent cannot be reached${detail}; check that it runs, and CLEF_URL or CLEF_AGENT_PORT.`,
	);
}

/** Runtimes wrap the reason, and several addresses that were tried at once are wrapped again. */
function networkCode(error: unknown): string | undefined {
	let next = error;
	for (let depth = 0; next instanceof Error && depth < 6; depth += 1) {
		if ("code" in next && typeof next.code === "string" && /^[A-Z][A-Za-z0-9_]{0,40}$/.test(next.code))
			return next.code;
		next = next.cause ?? (next instanceof AggregateError ? next.errors[0] : undefined);
	}
	return undefined;
}
