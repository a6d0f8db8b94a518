import { type Json, type JsonObject, listAt, objectAt } from "../json.js";
import { logGroupArn, SAMPLE } from "./examples.js";
import { type Declared, readModule } from "./hcl.js";
import { readTemplate, resolved } from "./template.js";

/** What an example would make of the sample values, in the same words for every example. */
export interface Deployment {
	readonly environment: Json;
	readonly settings: {
		readonly runtime: Json;
		readonly handler: Json;
		readonly timeout: Json;
		readonly memory: Json;
	};
	readonly logGroup: Json;
	/** The policy documents of the function's role. */
	readonly policies: readonly JsonObject[];
	/** The documents that say who may take the role. */
	readonly trust: readonly JsonObject[];
	/** Ways to grant something that are not looked into, so that an example must not use them. */
	readonly otherGrants: readonly string[];
}

/** Reads a CloudFormation or SAM template. */
export function templateDeployment(text: string): Deployment {
	const { template } = readTemplate(text);
	const raw = objectAt(template.Resources);
	const groupName = (name: string) =>
		resolved(objectAt(objectAt(raw[name]).Properties).LogGroupName ?? "", parameter);
	const lookup = (name: string): string => {
		const [, resource] = /^(\w+)\.Arn$/.exec(name) ?? [];
		const isGroup = resource !== undefined && objectAt(raw[resource]).Type === "AWS::Logs::LogGroup";
		return isGroup ? `${logGroupArn(String(groupName(resource)))}:*` : parameter(name);
	};
	const resources = Object.values(objectAt(resolved(raw, lookup))).map(objectAt);
	const propertiesOf = (type: RegExp) =>
		resources.filter(({ Type }) => type.test(String(Type))).map(({ Properties }) => objectAt(Properties));
	const lambda = propertiesOf(/^AWS::(Lambda|Serverless)::Function$/)[0] ?? {};
	const roles = propertiesOf(/^AWS::IAM::Role$/);
	return {
		environment: objectAt(lambda.Environment).Variables ?? null,
		settings: settings(lambda, ["Runtime", "Handler", "Timeout", "MemorySize"]),
		logGroup: propertiesOf(/^AWS::Logs::LogGroup$/)[0]?.LogGroupName ?? null,
		policies: roles.flatMap(({ Policies }) =>
			listAt(Policies).map((policy) => objectAt(objectAt(policy).PolicyDocument)),
		),
		trust: roles.map((role) => objectAt(role.AssumeRolePolicyDocument)),
		otherGrants: [
			...roles
				.filter(({ ManagedPolicyArns }) => ManagedPolicyArns !== undefined)
				.map(() => "ManagedPolicyArns"),
			// SAM makes a role of its own, with more, unless it is given one.
			...("Role" in lambda && !("Policies" in lambda) ? [] : ["a role that SAM makes"]),
			...resources
				.map(({ Type }) => String(Type))
				.filter((type) => type.startsWith("AWS::IAM::") && type !== "AWS::IAM::Role"),
		],
	};
}

/** The sample's value of a parameter; anything else stays recognizable. */
function parameter(name: string): string {
	if (name === "AWS::Partition") return "aws";
	const terraformName = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).slice(1);
	return SAMPLE[terraformName] ?? `<${name}>`;
}

function settings(
	body: JsonObject,
	names: readonly [string, string, string, string],
): Deployment["settings"] {
	const [runtime = null, handler = null, timeout = null, memory = null] = names.map((name) => body[name]);
	return { runtime, handler, timeout, memory };
}

/** Reads the Terraform module. */
export async function moduleDeployment(files: Readonly<Record<string, string>>): Promise<Deployment> {
	const { resources } = await readModule(files);
	const ofType = (type: string) => resources.filter(({ name }) => name.startsWith(`${type}.`));
	const groups = ofType("aws_cloudwatch_log_group");
	const lookup = (name: string): string => {
		if (name === "data.aws_partition.current.partition") return "aws";
		const group = groups.find((one) => name === `${one.name}.arn`);
		if (group !== undefined) return logGroupArn(String(filledIn(group.body.name ?? "", lookup)));
		return SAMPLE[name.replace(/^var\./, "")] ?? `<${name}>`;
	};
	const lambda = objectAt(filledIn(ofType("aws_lambda_function")[0]?.body ?? {}, lookup));
	const roles = ofType("aws_iam_role");
	const documents = (reference: Json | undefined) => {
		const found = ofType("data.aws_iam_policy_document").filter(
			({ name }) => reference === `\${${name}.json}`,
		);
		return found.map(({ body }) => policyDocument(objectAt(filledIn(body, lookup))));
	};
	return {
		environment: objectAt(listAt(lambda.environment)[0]).variables ?? null,
		settings: settings(lambda, ["runtime", "handler", "timeout", "memory_size"]),
		logGroup: filledIn(groups[0]?.body.name ?? null, lookup),
		policies: ofType("aws_iam_role_policy").flatMap(({ body }) => documents(body.policy)),
		trust: roles.flatMap(({ body }) => documents(body.assume_role_policy)),
		otherGrants: otherGrants(resources, roles),
	};
}

function otherGrants(resources: readonly Declared[], roles: readonly Declared[]): string[] {
	const others = resources.filter(({ name }) => /^aws_iam_(?!role\.|role_policy\.)/.test(name));
	const within = roles.flatMap(({ body }) =>
		["managed_policy_arns", "inline_policy"].filter((argument) => argument in body),
	);
	return [...others.map(({ name }) => name), ...within];
}

function filledIn(value: Json, lookup: (name: string) => string): Json {
	if (typeof value === "string") return value.replace(/\$\{([\w.]+)\}/g, (_, name: string) => lookup(name));
	if (Array.isArray(value)) return value.map((item: Json) => filledIn(item, lookup));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filledIn(inner, lookup)]));
}

/** The JSON that `aws_iam_policy_document` makes; what is not known here keeps its name, and is found by that. */
function policyDocument(body: JsonObject): JsonObject {
	const statements = listAt(body.statement).map((statement) => {
		const { sid, effect = "Allow", actions, resources, principals, ...others } = objectAt(statement);
		return {
			...(sid === undefined ? {} : { Sid: sid }),
			Effect: effect,
			...(principals === undefined ? {} : { Principal: principalsIn(principals) }),
			...(actions === undefined ? {} : { Action: actions }),
			...(resources === undefined ? {} : { Resource: resources }),
			...others,
		};
	});
	return { Version: "2012-10-17", Statement: statements };
}

function principalsIn(blocks: Json): JsonObject {
	return Object.fromEntries(
		listAt(blocks)
			.map(objectAt)
			.map(({ type, identifiers }) => [String(type), identifiers ?? null]),
	);
}
