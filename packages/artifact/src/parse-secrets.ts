import { type JsonKind, JsonReader } from "./json-reader.js";
import { quote } from "./quote.js";
import { createSecrets, type Secrets } from "./secrets.js";
import { atOnce, type Steps } from "./steps.js";

/** Makes the error for a refused payload from one sentence, which names keys and never shows a value. */
export type RefuseSecrets = (sentence: string) => Error;

/**
 * Parses the plaintext of an artifact: an object of texts, or of namespaces that hold texts.
 *
 * Numbers and booleans become the text they were written as. Throws what `refuse` returns.
 */
export function parseSecrets(payload: Uint8Array, refuse: RefuseSecrets): Secrets {
	return atOnce(parseSecretsInSteps(payload, refuse, Number.POSITIVE_INFINITY));
}

/** The same, with a pause after about so many characters; the payload must stay as it is until the first of them. */
export function* parseSecretsInSteps(
	payload: Uint8Array,
	refuse: RefuseSecrets,
	charactersPerStep: number,
): Steps<Secrets> {
	return yield* new PayloadParser(decodeText(payload, refuse), refuse, charactersPerStep).parse();
}

const KIND_NAMES: Readonly<Record<JsonKind, string>> = {
	text: "text",
	number: "a number",
	boolean: "a boolean",
	null: "null",
	array: "a list",
	object: "an object",
};

function decodeText(payload: Uint8Array, refuse: RefuseSecrets): string {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(payload);
	} catch {
		throw refuse("The secrets are not UTF-8 text; pack them again from a UTF-8 file.");
	}
}

class PayloadParser {
	readonly #reader: JsonReader;
	readonly #refuse: RefuseSecrets;
	readonly #charactersPerStep: number;
	readonly #keys: Map<string, string> = new Map();
	readonly #namespaces: Map<string, Map<string, string>> = new Map();
	/** Where the step began. */
	#since = 0;

	constructor(text: string, refuse: RefuseSecrets, charactersPerStep: number) {
		this.#refuse = refuse;
		this.#charactersPerStep = charactersPerStep;
		this.#reader = new JsonReader(text, (position) =>
			refuse(`The secrets are not valid JSON at character ${position + 1}; pack them again.`),
		);
	}

	*parse(): Steps<Secrets> {
		const kind = this.#reader.next();
		if (kind !== "object") {
			throw this.#refuse(`The secrets are ${KIND_NAMES[kind]}; pack an object of names and values.`);
		}
		for (const name of this.#reader.members()) {
			this.#assertNew(this.#keys.has(name) || this.#namespaces.has(name), name);
			const isNamespace = this.#reader.next() === "object";
			this.#assertSameShape(isNamespace, name);
			if (isNamespace) yield* this.#readNamespace(name);
			else this.#keys.set(name, this.#readValue(name));
			if (this.#isStepOver()) yield;
		}
		this.#reader.end();
		return this.#namespaces.size > 0
			? createSecrets({ shape: "namespaced", namespaces: this.#namespaces })
			: createSecrets({ shape: "flat", keys: this.#keys });
	}

	*#readNamespace(namespace: string): Steps<void> {
		const keys = new Map<string, string>();
		this.#namespaces.set(namespace, keys);
		for (const key of this.#reader.members()) {
			this.#assertNew(keys.has(key), namespace, key);
			keys.set(key, this.#readValue(namespace, key));
			if (this.#isStepOver()) yield;
		}
	}

	#isStepOver(): boolean {
		const { position } = this.#reader;
		if (position - this.#since < this.#charactersPerStep) return false;
		this.#since = position;
		return true;
	}

	#readValue(...path: readonly string[]): string {
		const kind = this.#reader.next();
		if (kind === "text") return this.#reader.text();
		if (kind === "number") return this.#reader.number();
		if (kind === "boolean") return this.#reader.boolean();
		throw this.#refuse(
			`The value of ${describePath(path)} is ${KIND_NAMES[kind]}; only text, numbers and booleans can be packed.`,
		);
	}

	#assertNew(seen: boolean, ...path: readonly string[]): void {
		if (seen) throw this.#refuse(`The name ${describePath(path)} occurs twice; remove one of the two.`);
	}

	#assertSameShape(isNamespace: boolean, name: string): void {
		const others = isNamespace ? this.#keys : this.#namespaces;
		if (others.size === 0) return;
		const [kind, otherKind] = isNamespace ? ["a namespace", "values"] : ["a value", "namespaces"];
		throw this.#refuse(
			`The name ${describePath([name])} is ${kind} beside ${otherKind}; pack either only namespaces or only values.`,
		);
	}
}

function describePath(path: readonly string[]): string {
	return path.map(quote).join(".");
}
