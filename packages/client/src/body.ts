import { ClientError } from "./client-error.js";
import type { Deadline } from "./deadline.js";
import { unreachable } from "./unreachable.js";

/** A body as its chunks come; a lost connection is an `AGENT_UNREACHABLE`. */
export async function* chunksOf(response: Response, deadline: Deadline): AsyncGenerator<Uint8Array> {
	const reader = response.body?.getReader();
	if (reader === undefined) return;
	for (;;) {
		const { value } = await deadline.race(reader.read()).catch((error: unknown) => {
			throw unreachable(error);
		});
		if (value === undefined) return;
		yield value;
	}
}

/** A whole body as text; refused as soon as it passes the limit. */
export async function readText(response: Response, deadline: Deadline, maxBytes: number): Promise<string> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of chunksOf(response, deadline)) {
		size += chunk.length;
		// Written so that a limit that is not a number refuses everything instead of nothing.
		if (!(size <= maxBytes))
			throw badResponse(`is larger than ${maxBytes} bytes; raise \`maxBytes\` if it may be`);
		chunks.push(chunk);
	}
	return decode(chunks, size);
}

/** A JSON text as a value of a kind, or `BAD_RESPONSE`. The parser's own error is left out: it quotes the text. */
export function parseJson<T>(text: string, isKind: (value: unknown) => value is T): T {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw badResponse("is not JSON; check that it is a clef-agent that answers");
	}
	if (isKind(value)) return value;
	throw badResponse("is not what a clef-agent answers; check what listens there, and the versions of both");
}

/** An answer that cannot be used; the problem continues a sentence and holds nothing of the answer. */
export function badResponse(problem: string): ClientError {
	return new ClientError("BAD_RESPONSE", `The agent's answer ${problem}.`);
}

function decode(chunks: readonly Uint8Array[], size: number): string {
	const whole = new Uint8Array(size);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.length;
	}
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole);
	} catch {
		throw badResponse("is not UTF-8; check that it is a clef-agent that answers");
	}
}
