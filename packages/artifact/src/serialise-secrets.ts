import type { SecretEntries } from "./secrets.js";
import type { Steps } from "./steps.js";

/** What JSON needs no escapes for, of what secrets mostly are. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** JSON in UTF-8 of the entries in their shape and order, with a pause after about so many characters. */
export function* serialiseSecrets(entries: SecretEntries, charactersPerStep: number): Steps<Buffer> {
	const text = new JsonText(charactersPerStep);
	try {
		if (entries.shape === "flat") yield* text.object(entries.keys);
		else yield* text.objects(entries.namespaces);
		return text.bytes();
	} finally {
		text.wipe();
	}
}

/** JSON that is written piece by piece: as one text, it would be made whole and then copied whole in one step. */
class JsonText {
	readonly #charactersPerPiece: number;
	readonly #pieces: Buffer[] = [];
	#text = "";

	constructor(charactersPerPiece: number) {
		this.#charactersPerPiece = charactersPerPiece;
	}

	*objects(members: Iterable<readonly [string, Iterable<readonly [string, string]>]>): Steps<void> {
		let separator = "{";
		for (const [name, value] of members) {
			this.#text += `${separator}${quoted(name)}:`;
			yield* this.object(value);
			separator = ",";
		}
		this.#text += separator === "{" ? "{}" : "}";
	}

	*object(members: Iterable<readonly [string, string]>): Steps<void> {
		let separator = "{";
		for (const [name, value] of members) {
			this.#text += `${separator}${quoted(name)}:${quoted(value)}`;
			separator = ",";
			if (this.#text.length < this.#charactersPerPiece) continue;
			this.#endPiece();
			yield;
		}
		this.#text += separator === "{" ? "{}" : "}";
	}

	/** The caller owns them. */
	bytes(): Buffer {
		this.#endPiece();
		return Buffer.concat(this.#pieces);
	}

	wipe(): void {
		for (const piece of this.#pieces) piece.fill(0);
	}

	#endPiece(): void {
		this.#pieces.push(Buffer.from(this.#text));
		this.#text = "";
	}
}

function quoted(text: string): string {
	return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
