/** What a payload says, by an independent reading of it. */
export type Packed =
	| { readonly shape: "flat"; readonly keys: ReadonlyMap<string, string> }
	| { readonly shape: "namespaced"; readonly namespaces: ReadonlyMap<string, ReadonlyMap<string, string>> };

/** A text, or one of the marks, or a word: all of valid JSON but its white space. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs;

/** A text, and the colon after it that makes it a name. */
const TEXT = /("(?:[^"\\]|\\.)*")(\s*:)?/gs;

/**
 * What a payload says; `undefined` where it is to be refused.
 *
 * Whether it is JSON is for `JSON.parse` to say. That forgets duplicates and how a number was written, so what it
 * says is then read off its tokens, of which there can be no doubt any more.
 */
export function packedIn(payload: Buffer): Packed | undefined {
	const text = jsonText(payload);
	if (text === undefined) return undefined;
	const tokens = text.match(TOKEN) ?? [];
	const members = tokens[0] === "{" ? splitMembers(tokens.slice(1, -1)) : undefined;
	const outer = members && uniqueByName(members);
	if (outer === undefined) return undefined;
	const isNamespaced = outer.size > 0 && [...outer.values()].every(([first]) => first === "{");
	return isNamespaced ? namespacesOf(outer) : keysOf(outer);
}

/** Every name a payload has, as far as one can be made out. */
export function namesIn(payload: Buffer): readonly string[] {
	const texts = [...payload.toString().matchAll(TEXT)];
	return texts.filter(([, , colon]) => colon !== undefined).map(([, name = '""']) => unescaped(name));
}

function unescaped(name: string): string {
	try {
		return JSON.parse(name);
	} catch {
		// No JSON reader knows what it says; as it stands it will do.
		return name;
	}
}

function jsonText(payload: Buffer): string | undefined {
	try {
		const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
		JSON.parse(text);
		return text;
	} catch {
		// Neither UTF-8 nor JSON: nothing is packed in it.
		return undefined;
	}
}

/** The tokens of each member of an object, from its name on: `"a" : …`. */
function splitMembers(tokens: readonly string[]): readonly (readonly string[])[] {
	const members: string[][] = [];
	let depth = 0;
	let current: string[] = [];
	for (const token of tokens) {
		if (token === "{" || token === "[") depth += 1;
		if (token === "}" || token === "]") depth -= 1;
		if (token === "," && depth === 0) {
			members.push(current);
			current = [];
		} else current.push(token);
	}
	return current.length > 0 ? [...members, current] : members;
}

/** Name → the tokens of the value; `undefined` where a name occurs twice. */
function uniqueByName(members: readonly (readonly string[])[]): Map<string, readonly string[]> | undefined {
	const entries = members.map(([name = '""', , ...value]) => [JSON.parse(name) as string, value] as const);
	const unique = new Map(entries);
	return unique.size === entries.length ? unique : undefined;
}

function namespacesOf(outer: ReadonlyMap<string, readonly string[]>): Packed | undefined {
	const namespaces = new Map<string, ReadonlyMap<string, string>>();
	for (const [name, tokens] of outer) {
		const inner = uniqueByName(splitMembers(tokens.slice(1, -1)));
		const packed = inner && keysOf(inner);
		if (packed?.shape !== "flat") return undefined;
		namespaces.set(name, packed.keys);
	}
	return { shape: "namespaced", namespaces };
}

function keysOf(members: ReadonlyMap<string, readonly string[]>): Packed | undefined {
	const keys = new Map<string, string>();
	for (const [name, [token = "null"]] of members) {
		if (token === "{" || token === "[" || token === "null") return undefined;
		keys.set(name, token.startsWith('"') ? JSON.parse(token) : token);
	}
	return { shape: "flat", keys };
}
