import type { Secrets } from "@clef-sh/artifact";

/** How a response body is laid out: as it was packed, or as `<namespace>__<KEY>` names. */
export type BodyFormat = "packed" | "flat";

/** Secrets of one revision, ready to be handed out. */
export interface OpenSecrets {
	readonly revision: string;
	readonly secrets: Secrets;
	/**
	 * The whole JSON response, serialised once per revision; do not write to it. Undefined only for `flat`, when
	 * two secrets would get the same name.
	 */
	body(format: BodyFormat): Buffer | undefined;
	/**
	 * Keeps the bytes of {@link body} from being filled with zeros until the returned function is called. Call it
	 * in the same turn in which `open()` resolved, and release it when the response has been written; doing so again
	 * changes nothing.
	 */
	retain(): () => void;
}

/** The one implementation of {@link OpenSecrets}: bodies are wiped when retired and no reader holds them. */
export class ServedSecrets implements OpenSecrets {
	readonly revision: string;
	readonly secrets: Secrets;
	readonly #packed: Buffer;
	#flat: Buffer | undefined;
	#readers = 0;
	#retired = false;

	/** `packed` is the JSON of the secrets in UTF-8; it is taken over, and wiped with the rest. */
	constructor(revision: string, secrets: Secrets, packed: Buffer) {
		this.revision = revision;
		this.secrets = secrets;
		this.#packed = packed;
	}

	body(format: BodyFormat): Buffer | undefined {
		if (format === "packed" || this.secrets.shape === "flat") return this.#packed;
		if (this.#flat === undefined) {
			const flat = this.secrets.flatten();
			if (flat !== undefined) this.#flat = Buffer.from(JSON.stringify(flat));
		}
		return this.#flat;
	}

	retain(): () => void {
		this.#readers += 1;
		let released = false;
		return () => {
			if (released) return;
			released = true;
			this.#readers -= 1;
			this.#wipeUnread();
		};
	}

	/** No new reader will come: fills the bodies with zeros as soon as the last one is done. */
	retire(): void {
		this.#retired = true;
		this.#wipeUnread();
	}

	#wipeUnread(): void {
		if (!this.#retired || this.#readers > 0) return;
		this.#packed.fill(0);
		this.#flat?.fill(0);
	}
}
