import { compareContent } from "./content-digest.js";
import type { Source, SourceResult, Validator } from "./source.js";

/** Bytes, or text taken as UTF-8, that are already here. */
export interface InlineSourceOptions {
	readonly kind: "inline";
	readonly bytes: Uint8Array | string;
}

/** Hands out the same bytes for ever. */
export class InlineSource implements Source {
	readonly type = "inline";
	readonly description = "inline";
	readonly #bytes: Uint8Array;

	/** Copies the bytes: changing them afterwards changes nothing here. */
	constructor({ bytes }: InlineSourceOptions) {
		this.#bytes = typeof bytes === "string" ? Buffer.from(bytes, "utf8") : Uint8Array.from(bytes);
	}

	async read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		signal.throwIfAborted();
		return compareContent(Uint8Array.from(this.#bytes), validator);
	}
}
