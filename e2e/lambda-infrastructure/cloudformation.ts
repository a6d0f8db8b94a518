import type { PropertyType, Resource } from "@aws-cdk/service-spec-types";
import { isObject, type Json, type JsonObject, objectAt } from "../json.js";
import { propertyProblems, resourceType } from "./shape.js";
import { type Reference, readTemplate, referencesIn } from "./template.js";

const SECTIONS = ["AWSTemplateFormatVersion", "Transform", "Description", "Parameters", "Conditions"];
const PARAMETER_KEYS =
	"Type Description Default AllowedPattern AllowedValues MinLength MaxLength MinValue MaxValue NoEcho";
const RESOURCE_KEYS = "Type Properties Condition DependsOn DeletionPolicy UpdateReplacePolicy Metadata";
const PSEUDO_PARAMETERS = ["AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix"];

/** What SAM's resources become, and so what they give. */
const TRANSFORMED: Readonly<Record<string, string>> = {
	"AWS::Serverless::Function": "AWS::Lambda::Function",
	"AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
};

/** What is wrong with a CloudFormation or SAM template, one line each. */
export function templateProblems(text: string): string[] {
	const { template, problems } = readTemplate(text);
	return [
		...problems,
		...unknownKeys(template, [...SECTIONS, "Resources", "Outputs"], "template"),
		...parameterProblems(template),
		...Object.entries(objectAt(template.Resources)).flatMap(([name, resource]) =>
			resourceProblems(template, name, objectAt(resource)),
		),
		...outputProblems(template),
		...referenceProblems(template),
	];
}

function unknownKeys(value: JsonObject, known: readonly string[], at: string): string[] {
	return Object.keys(value)
		.filter((name) => !known.includes(name))
		.map((name) => `${at}: ${name} does not exist`);
}

function parameterProblems({ Parameters }: JsonObject): string[] {
	return Object.entries(objectAt(Parameters)).flatMap(([name, given]) => {
		const parameter = objectAt(given);
		const { Type, Default, AllowedPattern, AllowedValues } = parameter;
		const wrong = [];
		if (Type !== "String" && Type !== "Number") wrong.push(`${name}: not a type of parameter used here`);
		if (Default !== undefined && typeof Default !== String(Type).toLowerCase())
			wrong.push(`${name}: the default is no ${Type}`);
		if (Default !== undefined && Array.isArray(AllowedValues) && !AllowedValues.includes(Default))
			wrong.push(`${name}: the default is not allowed`);
		if (typeof AllowedPattern === "string" && typeof Default === "string" && !fits(AllowedPattern, Default))
			wrong.push(`${name}: the default does not match the pattern`);
		return [...wrong, ...unknownKeys(parameter, PARAMETER_KEYS.split(" "), name)];
	});
}

function fits(pattern: string, text: string): boolean {
	return new RegExp(pattern).test(text);
}

function resourceProblems(template: JsonObject, name: string, resource: JsonObject): string[] {
	const unknown = unknownKeys(resource, RESOURCE_KEYS.split(" "), name);
	const type = resourceType(String(resource.Type));
	if (type === undefined) return [...unknown, `${name}: there is no type ${resource.Type}`];
	const transform = type.cloudFormationTransform;
	if (transform !== undefined && transform !== template.Transform)
		unknown.push(`${name}: ${type.cloudFormationType} needs the transform ${transform}`);
	const of = (called: string, argument: Json) => typeOfFunction(template, called, argument);
	return [...unknown, ...propertyProblems(type, resource.Properties ?? {}, name, of)];
}

function typeOfFunction(
	template: JsonObject,
	called: string,
	argument: Json,
): PropertyType["type"] | undefined {
	if (called === "Fn::Sub") return "string";
	if (called === "Ref") {
		const parameter = objectAt(template.Parameters)[String(argument)];
		return isObject(parameter) && parameter.Type === "Number" ? "number" : "string";
	}
	if (called !== "Fn::GetAtt" || !Array.isArray(argument)) return undefined;
	return typeNamed(template, String(argument[0]))?.attributes[String(argument[1])]?.type.type;
}

function typeNamed(template: JsonObject, name: string): Resource | undefined {
	const type = String(objectAt(objectAt(template.Resources)[name]).Type);
	return resourceType(TRANSFORMED[type] ?? type);
}

function outputProblems({ Outputs }: JsonObject): string[] {
	return Object.entries(objectAt(Outputs)).flatMap(([name, output]) => [
		...("Value" in objectAt(output) ? [] : [`${name}: Value is missing`]),
		...unknownKeys(objectAt(output), ["Value", "Description", "Export", "Condition"], name),
	]);
}

function referenceProblems(template: JsonObject): string[] {
	const { Resources, Conditions, Parameters } = template;
	const references = referencesIn({ ...template, Parameters: null }, "template");
	const named = (name: string) => references.some((reference) => reference.name === name);
	const unused = [...Object.keys(objectAt(Parameters)), ...Object.keys(objectAt(Conditions))].filter(
		(name) => !named(name),
	);
	return [
		...references.flatMap((reference) => unresolved(template, reference)),
		...dependencies(objectAt(Resources))
			.filter((name) => !(name in objectAt(Resources)))
			.map((name) => `DependsOn: there is no ${name}`),
		...unused.map((name) => `${name}: nothing uses it`),
		...clashes([Parameters, Resources]),
	];
}

function dependencies(resources: JsonObject): string[] {
	return Object.values(resources).flatMap((resource) => {
		const { DependsOn = [] } = objectAt(resource);
		return Array.isArray(DependsOn) ? DependsOn.map(String) : [String(DependsOn)];
	});
}

/** A `Ref` could not say which of two things of one name it means. */
function clashes(sections: readonly (Json | undefined)[]): string[] {
	const names = sections.flatMap((section) => Object.keys(objectAt(section)));
	return names.filter((name, index) => names.indexOf(name) < index).map((name) => `${name}: declared twice`);
}

function unresolved(template: JsonObject, { kind, name, attribute, at }: Reference): string[] {
	const { Resources, Conditions, Parameters } = template;
	if (kind === "condition")
		return name in objectAt(Conditions) ? [] : [`${at}: there is no condition ${name}`];
	if (kind === "attribute") {
		const known = Object.keys(typeNamed(template, name)?.attributes ?? {});
		return known.includes(attribute) ? [] : [`${at}: there is no ${name}.${attribute}`];
	}
	if (name.startsWith("AWS::") && PSEUDO_PARAMETERS.includes(name.slice(5))) return [];
	if (name in objectAt(Parameters) || name in objectAt(Resources)) return [];
	return [`${at}: there is no ${name}`];
}
