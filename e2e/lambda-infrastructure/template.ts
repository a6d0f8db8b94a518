import { isMap, isScalar, isSeq, type ParsedNode, parseDocument, type ScalarTag, type YAMLSeq } from "yaml";
import { isObject, type Json, type JsonObject, objectAt } from "../json.js";

/** CloudFormation's functions in their short form, as YAML tags, with the long form they stand for. */
const FUNCTIONS: Readonly<Record<string, string>> = {
	"!Ref": "Ref",
	"!Condition": "Condition",
	"!GetAtt": "Fn::GetAtt",
	"!Sub": "Fn::Sub",
	"!If": "Fn::If",
	"!Equals": "Fn::Equals",
	"!Not": "Fn::Not",
	"!And": "Fn::And",
	"!Or": "Fn::Or",
};

const customTags = Object.keys(FUNCTIONS).flatMap((tag) => [
	{ tag, resolve: (text: string) => text } satisfies ScalarTag,
	{ tag, collection: "seq" as const, resolve: (list: YAMLSeq) => list },
]);

/** A template with every function in its long form; YAML's own complaints are problems. */
export function readTemplate(text: string): { template: JsonObject; problems: string[] } {
	const document = parseDocument(text, { customTags: (tags) => [...tags, ...customTags] });
	const problems = [...document.errors, ...document.warnings].map(
		({ message }) => message.split("\n")[0] ?? "",
	);
	return { template: objectAt(document.contents === null ? null : toJson(document.contents)), problems };
}

function toJson(node: ParsedNode | null): Json {
	const long = FUNCTIONS[node?.tag ?? ""];
	const plain = plainJson(node);
	if (long === undefined) return plain;
	if (long === "Fn::GetAtt" && typeof plain === "string") {
		const dot = plain.indexOf(".");
		return { [long]: [plain.slice(0, dot), plain.slice(dot + 1)] };
	}
	return { [long]: plain };
}

function plainJson(node: ParsedNode | null): Json {
	if (isMap<ParsedNode, ParsedNode | null>(node))
		return Object.fromEntries(node.items.map(({ key, value }) => [String(key), toJson(value)]));
	if (isSeq<ParsedNode>(node)) return node.items.map(toJson);
	return isScalar(node) ? (node.value as Json) : null;
}

/** The one function a value is, if it is one. */
export function functionIn(value: Json): { name: string; argument: Json } | undefined {
	if (!isObject(value)) return undefined;
	const [name, ...more] = Object.keys(value);
	if (name === undefined || more.length > 0 || !(name === "Ref" || name.startsWith("Fn::"))) return undefined;
	return { name, argument: value[name] ?? null };
}

/** Something a template refers to. */
export interface Reference {
	readonly kind: "name" | "attribute" | "condition";
	readonly name: string;
	readonly attribute: string;
	/** Where it stands, for messages. */
	readonly at: string;
}

/** All references below a value; one to an attribute counts as such only with its attribute. */
export function referencesIn(value: Json, at: string): Reference[] {
	if (Array.isArray(value)) return value.flatMap((item, index) => referencesIn(item, `${at}.${index}`));
	if (!isObject(value)) return [];
	return Object.entries(value).flatMap(([name, inner]) => [
		...referencesOf(name, inner, at),
		...referencesIn(inner, `${at}.${name}`),
	]);
}

function referencesOf(name: string, argument: Json, at: string): Reference[] {
	if (name === "Ref") return [{ kind: "name", name: String(argument), attribute: "", at }];
	if (name === "Condition" && typeof argument === "string")
		return [{ kind: "condition", name: argument, attribute: "", at }];
	if (name === "Fn::If" && Array.isArray(argument))
		return [{ kind: "condition", name: String(argument[0]), attribute: "", at }];
	if (name === "Fn::GetAtt" && Array.isArray(argument))
		return [{ kind: "attribute", name: String(argument[0]), attribute: String(argument[1]), at }];
	if (name === "Fn::Sub") return substitutions(String(argument)).map((inner) => dotted(inner, at));
	return [];
}

/** The names in `${…}`; `${!…}` is text. */
function substitutions(text: string): string[] {
	return [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name = ""]) => name);
}

function dotted(name: string, at: string): Reference {
	const [first = "", ...rest] = name.split(".");
	if (rest.length === 0) return { kind: "name", name: first, attribute: "", at };
	return { kind: "attribute", name: first, attribute: rest.join("."), at };
}

/** The value with references and substitutions replaced by what `lookup` says they are. */
export function resolved(value: Json, lookup: (name: string) => string): Json {
	const called = functionIn(value);
	if (called?.name === "Ref") return lookup(String(called.argument));
	if (called?.name === "Fn::GetAtt") return lookup((called.argument as string[]).join("."));
	if (called?.name === "Fn::Sub")
		return String(called.argument).replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => lookup(name));
	if (Array.isArray(value)) return value.map((item: Json) => resolved(item, lookup));
	if (!isObject(value)) return value;
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolved(inner, lookup)]));
}
