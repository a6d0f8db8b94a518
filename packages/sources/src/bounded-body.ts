import type { BoundedRequest } from "./bounded-fetch.js";
import type { Deadlines } from "./deadlines.js";
import { networkError } from "./network-error.js";
import { SourceError } from "./source-error.js";

/** What of a request limits its response's body. */
export type BodyLimits = Pick<BoundedRequest, "description" | "maxBytes" | "timeouts">;

/** Reads a body to its end, counting inflated bytes as they come; refuses it as soon as it passes a limit. */
export async function readBody(
	response: Response,
	limits: BodyLimits,
	deadlines: Deadlines,
): Promise<Uint8Array> {
	const declared = declaredLength(response.headers);
	if (declared !== undefined && !(declared <= limits.maxBytes)) throw tooLarge(limits);
	const bytes = await collect(response, limits, deadlines);
	if (declared !== undefined && bytes.length !== declared) throw cutShort(limits);
	return bytes;
}

async function collect(response: Response, limits: BodyLimits, deadlines: Deadlines): Promise<Uint8Array> {
	const reader = response.body?.getReader();
	const chunks: Uint8Array[] = [];
	let size = 0;
	try {
		for (;;) {
			const chunk = reader && (await nextChunk(reader, limits, deadlines));
			if (chunk === undefined) return Buffer.concat(chunks, size);
			size += chunk.length;
			// Written so that a limit that is not a number refuses everything instead of nothing.
			if (!(size <= limits.maxBytes)) throw tooLarge(limits);
			chunks.push(chunk);
		}
	} finally {
		reader?.cancel().catch(() => undefined);
		reader?.releaseLock();
	}
}

async function nextChunk(
	reader: ReadableStreamDefaultReader<Uint8Array>,
	{ description, timeouts }: BodyLimits,
	deadlines: Deadlines,
): Promise<Uint8Array | undefined> {
	deadlines.step(timeouts.idleMs, `${description} sent nothing for ${timeouts.idleMs} ms inside its answer.`);
	try {
		const { value } = await deadlines.race(reader.read());
		return value;
	} catch (error) {
		throw deadlines.signal.aborted ? deadlines.signal.reason : networkError(error, description);
	}
}

/** The length the body will have, where the header speaks of the bytes we will see (not of compressed ones). */
function declaredLength(headers: Headers): number | undefined {
	const length = headers.get("content-length") ?? "";
	const encoding = headers.get("content-encoding") ?? "identity";
	return encoding === "identity" && /^\d+$/.test(length) ? Number(length) : undefined;
}

function tooLarge({ description, maxBytes }: BodyLimits): SourceError {
	const hint = "if it really is that large, raise CLEF_AGENT_MAX_ARTIFACT_BYTES";
	return new SourceError("SOURCE_TOO_LARGE", `${description} is larger than ${maxBytes} bytes; ${hint}.`);
}

function cutShort({ description }: BodyLimits): SourceError {
	return new SourceError("SOURCE_UNREACHABLE", `The answer of ${description} is not as long as it declared.`);
}
