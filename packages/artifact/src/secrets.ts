import { inspect } from "node:util";
import { serialiseSecrets } from "./serialise-secrets.js";
import type { Steps } from "./steps.js";

/** Key → value, with a null prototype, so that every name is an ordinary one. */
export type FlatSecrets = Readonly<Record<string, string>>;

/** Namespace → key → value, with null prototypes. */
export type NamespacedSecrets = Readonly<Record<string, FlatSecrets>>;

/** What a name stands for; `ambiguous` when it could mean two entries, `unknown` when it means none. */
export type SecretLookup =
	| { readonly status: "found"; readonly value: string }
	| { readonly status: "ambiguous" }
	| { readonly status: "unknown" };

/** The entries of a payload, in the shape they were packed in. */
export type SecretEntries =
	| { readonly shape: "flat"; readonly keys: ReadonlyMap<string, string> }
	| { readonly shape: "namespaced"; readonly namespaces: Namespaces };

type Namespaces = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface ListedSecret {
	/** `<namespace>__<KEY>`, which a key of another namespace may have as well. */
	readonly name: string;
	readonly key: string;
	readonly value: string;
}

interface Index {
	readonly byListedName: Map<string, SecretLookup>;
	readonly byBareKey: Map<string, SecretLookup>;
}

const AMBIGUOUS: SecretLookup = Object.freeze({ status: "ambiguous" });
const UNKNOWN: SecretLookup = Object.freeze({ status: "unknown" });

/** What `String()`, `console.log` and the debugger show. */
const OPAQUE = "Secrets {}";

let construct: (entries: SecretEntries) => Secrets;

/** Makes the secrets of a parsed payload; not exported from the package, where `parseSecrets` is the way. */
export function createSecrets(entries: SecretEntries): Secrets {
	return construct(entries);
}

/**
 * The plaintext; immutable, and printed or serialised as if empty.
 *
 * A listed name is `<namespace>__<KEY>`, or `KEY` where the payload is flat.
 */
export class Secrets {
	readonly shape: "flat" | "namespaced";
	/** How many values there are, over all namespaces. */
	readonly size: number;
	readonly #entries: SecretEntries;
	#index: Index | undefined;

	static {
		construct = (entries) => new Secrets(entries);
		// Not a method: a declaration file cannot spell a computed name.
		Object.defineProperty(Secrets.prototype, inspect.custom, { value: () => OPAQUE });
	}

	private constructor(entries: SecretEntries) {
		this.#entries = entries;
		this.shape = entries.shape;
		this.size = countValues(entries);
		Object.freeze(this);
	}

	/** Every listed name once, sorted by code unit. */
	names(): readonly string[] {
		const entries = this.#entries;
		const names = entries.shape === "flat" ? entries.keys : this.#indexed(entries.namespaces).byListedName;
		return [...names.keys()].sort();
	}

	/** Looks a listed name up, or else a bare key that only one namespace has. */
	find(name: string): SecretLookup {
		const entries = this.#entries;
		if (entries.shape === "flat") {
			const value = entries.keys.get(name);
			return value === undefined ? UNKNOWN : { status: "found", value };
		}
		const { byListedName, byBareKey } = this.#indexed(entries.namespaces);
		return byListedName.get(name) ?? byBareKey.get(name) ?? UNKNOWN;
	}

	/** The value of a key in a namespace; `undefined` when there is none, or no namespaces. */
	findIn(namespace: string, key: string): string | undefined {
		if (this.#entries.shape === "flat") return undefined;
		return this.#entries.namespaces.get(namespace)?.get(key);
	}

	/** The JSON of {@link reveal} in UTF-8, with a pause after about so many characters; the caller owns the bytes. */
	serialise(charactersPerStep: number): Steps<Buffer> {
		return serialiseSecrets(this.#entries, charactersPerStep);
	}

	/** A fresh copy of every value in the shape it was packed in. */
	reveal(): FlatSecrets | NamespacedSecrets {
		if (this.#entries.shape === "flat") return toRecord(this.#entries.keys);
		return toRecord(Array.from(this.#entries.namespaces, ([name, keys]) => [name, toRecord(keys)] as const));
	}

	/** A fresh copy under listed names; `undefined` when two values would share one. */
	flatten(): FlatSecrets | undefined {
		if (this.#entries.shape === "flat") return toRecord(this.#entries.keys);
		const values = new Map(listSecrets(this.#entries.namespaces).map(({ name, value }) => [name, value]));
		return values.size === this.size ? toRecord(values) : undefined;
	}

	/** Nothing of the content. */
	toString(): string {
		return OPAQUE;
	}

	/** An empty object. */
	toJSON(): object {
		return {};
	}

	/** Built on first use: a payload that is only ever served whole needs none. */
	#indexed(namespaces: Namespaces): Index {
		this.#index ??= buildIndex(namespaces);
		return this.#index;
	}
}

function countValues(entries: SecretEntries): number {
	if (entries.shape === "flat") return entries.keys.size;
	return [...entries.namespaces.values()].reduce((count, { size }) => count + size, 0);
}

function listSecrets(namespaces: Namespaces): ListedSecret[] {
	return [...namespaces].flatMap(([namespace, keys]) =>
		Array.from(keys, ([key, value]) => ({ name: `${namespace}__${key}`, key, value })),
	);
}

function buildIndex(namespaces: Namespaces): Index {
	const index: Index = { byListedName: new Map(), byBareKey: new Map() };
	for (const { name, key, value } of listSecrets(namespaces)) {
		const found: SecretLookup = { status: "found", value };
		addLookup(index.byListedName, name, found);
		addLookup(index.byBareKey, key, found);
	}
	return index;
}

function addLookup(lookups: Map<string, SecretLookup>, name: string, found: SecretLookup): void {
	lookups.set(name, lookups.has(name) ? AMBIGUOUS : found);
}

/** With a null prototype there is no setter to trip over, so `__proto__` is an ordinary name. */
function toRecord<Value>(entries: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
	const record: Record<string, Value> = Object.create(null);
	for (const [name, value] of entries) record[name] = value;
	return record;
}
