import type { SecretEntries } from "./secrets.js";
import type { Steps } from "./steps.js";

/** What JSON needs no escapes for, of what secrets mostly are. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** JSON in UTF-8 of the entries in their shape and order, with a pause after about so many characters. */
export function* serialiseSecrets(entries: SecretEntries, charactersPerStep: number): Steps<Buffer> {
	const text = new JsonText(charactersPerStep);
	if (entries.shape === "flat") yield* text.object(entries.keys);
	else yield* text.objects(entries.namespaces);
	return text.bytes();
}

/** JSON that is written piece by piece: as one text, it would be made whole and then copied whole in one step. */
class JsonText {
	readonly #charactersPerPiece: number;
	readonly #pieces: string[] = [];
	#byteLength = 0;
	#text = "";

	constructor(charactersPerPiece: number) {
		this.#charactersPerPiece = charactersPerPiece;
	}

	*objects(members: Iterable<readonly [string, Iterable<readonly [string, string]>]>): Steps<void> {
		this.#text += "{";
		let separator = "";
		for (const [name, value] of members) {
			this.#text += `${separator}${quoted(name)}:`;
			yield* this.object(value);
			separator = ",";
		}
		this.#text += "}";
	}

	*object(members: Iterable<readonly [string, string]>): Steps<void> {
		this.#text += "{";
		let separator = "";
		for (const [name, value] of members) {
			this.#text += `${separator}${quoted(name)}:${quoted(value)}`;
			separator = ",";
			if (this.#text.length < this.#charactersPerPiece) continue;
			this.#endPiece();
			yield;
		}
		this.#text += "}";
	}

	/** Written once, at its whole length: large buffers that are thrown away make V8 collect garbage of all ages. */
	bytes(): Buffer {
		this.#endPiece();
		const bytes = Buffer.allocUnsafeSlow(this.#byteLength);
		let offset = 0;
		for (const piece of this.#pieces) offset += bytes.write(piece, offset);
		return bytes;
	}

	#endPiece(): void {
		this.#pieces.push(this.#text);
		this.#byteLength += Buffer.byteLength(this.#text);
		this.#text = "";
	}
}

function quoted(text: string): string {
	return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
