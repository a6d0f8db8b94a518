import { loadAwsServiceSpecSync } from "@aws-cdk/aws-service-spec";
import type { PropertyType, Resource, SpecDatabase } from "@aws-cdk/service-spec-types";
import { isList, isObject, type Json } from "../json.js";
import { functionIn } from "./template.js";

type Properties = Readonly<Record<string, { readonly type: PropertyType; readonly required?: boolean }>>;

/** What a function such as `Ref` gives; `undefined` where that is not known, and so not judged. */
export type TypeOfFunction = (name: string, argument: Json) => PropertyType["type"] | undefined;

let loaded: SpecDatabase | undefined;

/** AWS's own description of a resource type. */
export function resourceType(name: string): Resource | undefined {
	// Half a second: only once.
	loaded ??= loadAwsServiceSpecSync();
	return loaded.lookup("resource", "cloudFormationType", "equals", name)[0];
}

/**
 * What the description of SAM's two resources that the package carries leaves out, kept by hand after SAM's
 * reference: it is older than `CompatibleArchitectures`, and marks nothing as required.
 */
const SAM_ADDITIONS: Readonly<Record<string, { properties: Properties; required: readonly string[] }>> = {
	"AWS::Serverless::LayerVersion": {
		properties: { CompatibleArchitectures: { type: { type: "array", element: { type: "string" } } } },
		required: ["ContentUri"],
	},
	// For a function out of a zip file.
	"AWS::Serverless::Function": { properties: {}, required: ["CodeUri", "Handler", "Runtime"] },
};

/** What is wrong with the properties of a resource. */
export function propertyProblems(resource: Resource, value: Json, at: string, of: TypeOfFunction): string[] {
	const more = SAM_ADDITIONS[resource.cloudFormationType];
	const properties: Properties = { ...resource.properties, ...more?.properties };
	const missing = (more?.required ?? []).filter((name) => isObject(value) && !(name in value));
	return [
		...missing.map((name) => `${at}: ${name} is missing`),
		...objectProblems(properties, value, at, of),
	];
}

function objectProblems(properties: Properties, value: Json, at: string, of: TypeOfFunction): string[] {
	if (!isObject(value)) return [`${at}: not a mapping`];
	const missing = Object.entries(properties)
		.filter(([name, { required }]) => required === true && !(name in value))
		.map(([name]) => `${at}: ${name} is missing`);
	const wrong = Object.entries(value).flatMap(([name, inner]) => {
		const property = properties[name];
		if (property === undefined) return [`${at}: ${name} does not exist`];
		return shapeProblems(property.type, inner, `${at}.${name}`, of);
	});
	return [...missing, ...wrong];
}

/** What is wrong with a value that ought to have a type. */
function shapeProblems(type: PropertyType, value: Json, at: string, of: TypeOfFunction): string[] {
	const called = functionIn(value);
	if (called?.name === "Fn::If" && isList(called.argument))
		return called.argument.slice(1).flatMap((branch) => shapeProblems(type, branch, at, of));
	if (called !== undefined) return functionProblems(type, of(called.name, called.argument), at);
	switch (type.type) {
		case "union": {
			const found = type.types.map((one) => shapeProblems(one, value, at, of));
			// The complaints of the type that fits best say most.
			return found.sort((a, b) => a.length - b.length)[0] ?? [];
		}
		case "array":
			if (!isList(value)) return [`${at}: not a list`];
			return value.flatMap((item, index) => shapeProblems(type.element, item, `${at}.${index}`, of));
		case "map":
			if (!isObject(value)) return [`${at}: not a mapping`];
			return Object.entries(value).flatMap(([name, inner]) =>
				shapeProblems(type.element, inner, `${at}.${name}`, of),
			);
		case "ref":
			return objectProblems(definition(type.reference), value, at, of);
		case "json":
			return isObject(value) ? [] : [`${at}: not a mapping`];
		case "tag":
			return isObject(value) && "Key" in value && "Value" in value ? [] : [`${at}: not a tag`];
		default:
			return scalarProblems(type, value, at);
	}
}

function definition(reference: { readonly $ref: string }): Properties {
	// Only reached below a resource, so the database is there.
	return loaded?.get("typeDefinition", reference.$ref).properties ?? {};
}

function scalarProblems(type: PropertyType, value: Json, at: string): string[] {
	const wanted = type.type === "integer" ? "number" : type.type === "date-time" ? "string" : type.type;
	if (typeof value !== wanted) return [`${at}: not a ${wanted}`];
	if (type.type === "integer" && !Number.isInteger(value)) return [`${at}: not a whole number`];
	const allowed: readonly Json[] = "allowedValues" in type ? (type.allowedValues ?? []) : [];
	return allowed.length > 0 && !allowed.includes(value) ? [`${at}: not an allowed value`] : [];
}

/** CloudFormation turns numbers and booleans into strings, but no scalar into a list or a mapping. */
function functionProblems(
	wanted: PropertyType,
	given: PropertyType["type"] | undefined,
	at: string,
): string[] {
	if (given === undefined) return [];
	const fitting = wanted.type === "union" ? wanted.types.map(({ type }) => type) : [wanted.type];
	const isNumber = given === "number" || given === "integer";
	const isScalar = isNumber || given === "string" || given === "boolean";
	if (fitting.includes(given) || (isScalar && fitting.includes("string"))) return [];
	if (isNumber && (fitting.includes("number") || fitting.includes("integer"))) return [];
	return [`${at}: refers to a ${given}, and ${fitting.join(" or ")} is needed`];
}
