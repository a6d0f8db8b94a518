import { isList, isObject, type Json, type JsonObject, listAt, objectAt } from "../json.js";
import type { ArgumentType, BlockType } from "./declarations.js";
import { type Declared, functionsIn, type Module, readModule, referencesIn, templatesIn } from "./hcl.js";
import type { Provider } from "./provider.js";

const META_ARGUMENTS = ["depends_on"];
/** Terraform's functions, as far as the example calls any: a name that is mistyped is none of them. */
const FUNCTIONS = ["can", "contains", "filebase64sha256", "regex"];
const VARIABLE_ARGUMENTS = ["type", "default", "description", "sensitive", "nullable", "validation"];

/** What is wrong with a module, one line each. */
export async function moduleProblems(
	files: Readonly<Record<string, string>>,
	types: Provider,
): Promise<string[]> {
	const module = await readModule(files);
	const all = [...module.variables, ...module.locals, ...module.resources, ...module.outputs];
	const names = all.map(({ name }) => name);
	return [
		...module.problems,
		...names.filter((name, index) => names.indexOf(name) < index).map((name) => `${name}: declared twice`),
		...module.variables.flatMap(variableProblems),
		...module.outputs.flatMap(({ name, body }) => unknownArguments(body, ["value", "description"], name)),
		...module.outputs.filter(({ body }) => !("value" in body)).map(({ name }) => `${name}: value is missing`),
		...module.resources.flatMap(({ name, body }) => {
			const type = typeNamed(types, name);
			return type === undefined
				? [`${name}: there is no such type`]
				: blockProblems(module, type, body, name);
		}),
		...providerProblems(module),
		...(await expressionProblems(module, types, all)),
	];
}

function typeNamed(types: Provider, name: string): BlockType | undefined {
	const [type = ""] = name.replace(/^data\./, "").split(".");
	return types.get(`${name.startsWith("data.") ? "data" : "resource"}.${type}`);
}

function unknownArguments(body: JsonObject, known: readonly string[], at: string): string[] {
	return Object.keys(body)
		.filter((name) => !known.includes(name))
		.map((name) => `${at}: ${name} does not exist`);
}

function variableProblems({ name, body }: Declared): string[] {
	const wrong = unknownArguments(body, VARIABLE_ARGUMENTS, name);
	const type = variableType(body);
	if (type === undefined) wrong.push(`${name}: neither string, number nor bool`);
	if (body.default !== undefined && typeof body.default !== type?.replace("bool", "boolean"))
		wrong.push(`${name}: the default is no ${type}`);
	for (const validation of listAt(body.validation))
		wrong.push(...unknownArguments(objectAt(validation), ["condition", "error_message"], name));
	return wrong;
}

function variableType({ type }: JsonObject): "string" | "number" | "bool" | undefined {
	return (["string", "number", "bool"] as const).find((known) => type === `\${${known}}`);
}

function blockProblems(module: Module, type: BlockType, body: Json, at: string): string[] {
	if (!isObject(body)) return [`${at}: not a block`];
	const missing = [...type.arguments]
		.filter(([name, { required }]) => required && !(name in body))
		.map(([name]) => `${at}: ${name} is missing`);
	const wrong = Object.entries(body).flatMap(([name, value]) => {
		if (META_ARGUMENTS.includes(name)) return isList(value) ? [] : [`${at}.${name}: not a list`];
		const argument = type.arguments.get(name);
		if (argument === undefined) return [`${at}: ${name} does not exist`];
		return valueProblems(module, argument.type, value, `${at}.${name}`);
	});
	return [...missing, ...wrong];
}

function valueProblems(module: Module, type: ArgumentType, value: Json, at: string): string[] {
	if (typeof type === "object") {
		// A block is a list of bodies; what was assigned with = is not one.
		if (!isList(value)) return [`${at}: not a block`];
		return value.flatMap((body) => blockProblems(module, type, body, at));
	}
	const given = typeOf(module, value);
	// Terraform writes numbers and booleans as text where text is needed.
	const fits = given === undefined || given === type || (type === "string" && /^(number|bool)$/.test(given));
	const literal = typeof value === "number" || typeof value === "boolean";
	if (!fits || (type === "string" && literal)) return [`${at}: a ${given}, and a ${type} is needed`];
	if (type === "map")
		return Object.entries(objectAt(value)).flatMap(([name, inner]) =>
			typeof inner === "string" ? [] : [`${at}.${name}: not a string`],
		);
	return type === "list" && isList(value) && value.some((item) => typeof item !== "string")
		? [`${at}: holds something that is not a string`]
		: [];
}

/** The type of a value; `undefined` where it is an expression other than one variable. */
function typeOf({ variables }: Module, value: Json): string | undefined {
	if (isList(value)) return "list";
	if (isObject(value)) return "map";
	if (typeof value === "boolean") return "bool";
	if (typeof value !== "string") return typeof value;
	const [, name] = /^\$\{(.*)\}$/s.exec(value) ?? [];
	if (name === undefined) return "string";
	const variable = variables.find((one) => one.name === name);
	return variable === undefined ? undefined : variableType(variable.body);
}

function providerProblems({ terraform, resources }: Module): string[] {
	const required = listAt(terraform.required_providers).flatMap((group) => Object.entries(objectAt(group)));
	const names = required.map(([name]) => name);
	const used = resources.map(({ name }) => name.replace(/^data\./, "").split("_")[0] ?? "");
	return [
		...[...new Set(used)]
			.filter((name) => !names.includes(name))
			.map((name) => `provider ${name}: not required`),
		...names.filter((name) => !used.includes(name)).map((name) => `provider ${name}: nothing uses it`),
		...required
			.filter(([, given]) => !("source" in objectAt(given) && "version" in objectAt(given)))
			.map(([name]) => `provider ${name}: needs a source and a version`),
	];
}

async function expressionProblems(
	module: Module,
	types: Provider,
	all: readonly Declared[],
): Promise<string[]> {
	const problems: string[] = [];
	const usedElsewhere = new Set<string>();
	for (const { name: user, body } of all) {
		for (const text of templatesIn(user.startsWith("var.") ? { ...body, type: null } : body)) {
			for (const reference of await referencesIn(text)) {
				const target = targetOf(reference);
				if (target !== user) usedElsewhere.add(target);
				problems.push(...unresolved(all, types, reference, target).map((problem) => `${user}: ${problem}`));
			}
			for (const called of await functionsIn(text))
				if (!FUNCTIONS.includes(called)) problems.push(`${user}: there is no function ${called}`);
		}
	}
	const idle = [...module.variables, ...module.locals, ...module.resources.filter(isData)]
		.map(({ name }) => name)
		.filter((name) => !usedElsewhere.has(name));
	return [...problems, ...idle.map((name) => `${name}: nothing uses it`)];
}

function isData({ name }: Declared): boolean {
	return name.startsWith("data.");
}

/** What is referred to, without the attribute. */
function targetOf(reference: string): string {
	return reference
		.split(".")
		.slice(0, reference.startsWith("data.") ? 3 : 2)
		.join(".");
}

function unresolved(all: readonly Declared[], types: Provider, reference: string, target: string): string[] {
	if (/^path\.(module|root|cwd)$/.test(reference)) return [];
	if (!all.some(({ name }) => name === target)) return [`there is no ${target}`];
	const attribute = reference.slice(target.length + 1).split(".")[0] ?? "";
	const type = typeNamed(types, target);
	if (type === undefined || attribute === "") return [];
	return type.attributes.has(attribute) ? [] : [`there is no ${target}.${attribute}`];
}
