import { createRequire } from "node:module";
import { isList, type Json, type JsonObject, listAt, objectAt } from "../json.js";

/** The part of the parser that is used: Terraform's own, compiled to WebAssembly. */
interface Hcl {
	parse(filename: string, contents: string): Promise<Readonly<Record<string, Json>>>;
	getReferencesInExpression(filename: string, text: string): Promise<readonly { readonly value: string }[]>;
	getExpressionAst(filename: string, expression: string): Promise<SyntaxNode | null>;
}

interface SyntaxNode {
	readonly type: string;
	readonly meta: { readonly name?: unknown };
	readonly children: readonly SyntaxNode[];
}

// Not imported: its declarations would bring the browser's types into every other file that is checked.
const require = createRequire(import.meta.url);
const hcl: Hcl = require("@cdktn/hcl2json");

const BLOCKS = ["terraform", "locals", "variable", "data", "resource", "output"];

/** A block, and what it is called where it is referred to. */
export interface Declared {
	readonly name: string;
	readonly body: JsonObject;
}

/** All blocks of a module, by kind: `variable`, `local`, `resource`, `data`, `output`, `terraform`. */
export interface Module {
	readonly variables: readonly Declared[];
	readonly locals: readonly Declared[];
	/** Resources are called `TYPE.NAME`, data sources `data.TYPE.NAME`. */
	readonly resources: readonly Declared[];
	readonly outputs: readonly Declared[];
	readonly terraform: JsonObject;
	readonly problems: readonly string[];
}

/** Reads the files of a module with the parser that Terraform has. */
export async function readModule(files: Readonly<Record<string, string>>): Promise<Module> {
	const parsed: JsonObject[] = [];
	const problems: string[] = [];
	for (const [name, text] of Object.entries(files)) {
		const content = await hcl.parse(name, text).catch((error: unknown) => String(error));
		if (typeof content === "string") problems.push(content);
		else parsed.push(content);
	}
	const blocks = (kind: string) => parsed.map((file) => objectAt(file[kind]));
	const unknown = parsed.flatMap((file) => Object.keys(file)).filter((kind) => !BLOCKS.includes(kind));
	return {
		variables: blocks("variable").flatMap((group) => declared(group, "var.")),
		locals: parsed.flatMap(({ locals }) =>
			listAt(locals).flatMap((group) =>
				Object.entries(objectAt(group)).map(([name, value]) => ({ name: `local.${name}`, body: { value } })),
			),
		),
		resources: [
			...blocks("resource").flatMap((types) => typed(types, "")),
			...blocks("data").flatMap((types) => typed(types, "data.")),
		],
		outputs: blocks("output").flatMap((group) => declared(group, "output.")),
		terraform: objectAt(parsed.flatMap(({ terraform }) => listAt(terraform))[0]),
		problems: [...problems, ...unknown.map((kind) => `there are no ${kind} blocks here`)],
	};
}

function typed(types: JsonObject, prefix: string): Declared[] {
	return Object.entries(types).flatMap(([type, group]) => declared(objectAt(group), `${prefix}${type}.`));
}

function declared(group: JsonObject, prefix: string): Declared[] {
	return Object.entries(group).flatMap(([name, bodies]) =>
		listAt(bodies).map((body) => ({ name: prefix + name, body: objectAt(body) })),
	);
}

/** The strings below a value that are more than text. */
export function templatesIn(value: Json): string[] {
	if (typeof value === "string") return /[$%]\{/.test(value) ? [value] : [];
	if (isList(value)) return value.flatMap(templatesIn);
	return Object.values(objectAt(value)).flatMap(templatesIn);
}

/** Everything an expression or a text with expressions refers to. */
export async function referencesIn(text: string): Promise<string[]> {
	return (await hcl.getReferencesInExpression("example.tf", text)).map(({ value }) => value);
}

/** The functions that an expression, or a text with expressions, calls. */
export async function functionsIn(text: string): Promise<string[]> {
	const whole = /^\$\{(.*)\}$/s.exec(text);
	// Braces end an expression within a text here; the parser tells of any that this cuts short.
	const expressions = whole === null ? text.matchAll(/\$\{([^{}]*)\}/g) : [whole];
	const called: string[] = [];
	const visit = (node: SyntaxNode | null): void => {
		if (node?.type === "function") called.push(String(node.meta.name));
		for (const child of node?.children ?? []) visit(child);
	};
	for (const [, expression = ""] of expressions) visit(await hcl.getExpressionAst("example.tf", expression));
	return called;
}
