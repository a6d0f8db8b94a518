import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configFromEnvironment, ENVIRONMENT_VARIABLES } from "@clef-sh/core/env";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { type JsonObject, planted } from "../json.js";
import { type Deployment, moduleDeployment, templateDeployment } from "./deployment.js";
import { example, SAMPLE, terraformExample } from "./examples.js";
import { grantsIn, policyProblems } from "./policies.js";
import { readTemplate } from "./template.js";

const cloudformation = example("cloudformation/template.yaml");
const sam = example("sam/template.yaml");
const policyText = example("iam-policy.json");
const policy: JsonObject = JSON.parse(policyText);
const terraform = await moduleDeployment(terraformExample());

const DEPLOYMENTS: readonly (readonly [string, Deployment])[] = [
	["CloudFormation", templateDeployment(cloudformation)],
	["SAM", templateDeployment(sam)],
	["Terraform", terraform],
];

async function terraformWith(from: string, to: string): Promise<Deployment> {
	const files = terraformExample();
	return moduleDeployment({ ...files, "main.tf": planted(files["main.tf"] ?? "", from, to) });
}

describe("the least policy", () => {
	it("names each action and each thing in full, but for the streams of one log group", () => {
		expect(policyProblems(policy)).toEqual([]);
	});

	it("allows four actions", () => {
		const actions = grantsIn(policy).flatMap((grant) => grant.actions);
		const four = ["kms:Decrypt", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject"];
		expect(actions.sort()).toEqual(four);
	});

	it.each(DEPLOYMENTS)("is exactly what %s grants", (_, { policies, otherGrants }) => {
		expect(policies.flatMap(policyProblems)).toEqual([]);
		expect(policies.flatMap(grantsIn)).toEqual(grantsIn(policy));
		expect(otherGrants).toEqual([]);
	});

	it.each(DEPLOYMENTS)("goes to a role that only Lambda may take: %s", (_, { trust }) => {
		const [document, ...more] = trust;
		expect(more).toEqual([]);
		expect(document).toMatchObject({ Version: "2012-10-17", Statement: [{ Effect: "Allow" }] });
		const [statement] = JSON.parse(JSON.stringify(document)).Statement;
		expect([statement.Action].flat()).toEqual(["sts:AssumeRole"]);
		expect(Object.entries(statement.Principal).flat(2)).toEqual(["Service", "lambda.amazonaws.com"]);
	});
});

describe("in a copy of the policy this mistake is found:", () => {
	it.each([
		["a wildcard action", "kms:Decrypt", "kms:*", "OpenTheArtifact: action kms:*"],
		["every action", "s3:GetObject", "*", "ReadTheArtifact: action *"],
		["part of an action", "s3:GetObject", "s3:Get*", "ReadTheArtifact: action s3:Get*"],
		["every object", "api/production.age.json", "*", "is not named in full"],
		["objects alike", "production", "p?oduction", "is not named in full"],
		["every key", "key/1234abcd-12ab-34cd-56ef-1234567890ab", "key/*", "is not named in full"],
		["every log group", "/aws/lambda/api:*", "*", "is not named in full"],
		["some log groups", "/aws/lambda/api:*", "/aws/lambda/*:*", "is not named in full"],
		["everything", "arn:aws:s3:::acme-artifacts/api/production.age.json", "*", "is no ARN"],
		["an action on something else", "kms:Decrypt", "s3:PutObject", "has nothing to do with"],
		["all but an action", '"Action": "kms', '"NotAction": "kms', "NotAction is not looked into"],
		["another version", "2012-10-17", "2008-10-17", "Version: not 2012-10-17"],
	])("%s", (_, from, to, problem) => {
		expect(policyProblems(JSON.parse(planted(policyText, from, to))).join("\n")).toContain(problem);
	});
});

describe("it is noticed that", () => {
	const grants = (deployment: Deployment) => deployment.policies.flatMap(grantsIn);

	it.each([
		["CloudFormation", cloudformation],
		["SAM", sam],
	])("%s grants something else", (_, text) => {
		for (const [from, to] of [
			["Action: s3:GetObject", "Action: s3:GetObjectVersion"],
			["Resource: !Ref ArtifactKmsKeyArn", "Resource: arn:aws:kms:eu-west-1:111122223333:key/other"],
			["{ArtifactKey}\n              - Sid", "{Identity}\n              - Sid"],
		] as const)
			expect(grants(templateDeployment(planted(text, from, to)))).not.toEqual(grantsIn(policy));
		const managed = planted(text, "      Policies:", "      ManagedPolicyArns: [x]\n      Policies:");
		expect(templateDeployment(managed).otherGrants).toEqual(["ManagedPolicyArns"]);
	});

	it("SAM would make a role of its own", () => {
		const own = planted(sam, "Role: !GetAtt Role.Arn", "Policies: []");
		expect(templateDeployment(own).otherGrants).toEqual(["a role that SAM makes"]);
	});

	it("Terraform grants something else", async () => {
		for (const [from, to] of [
			["s3:GetObject", "s3:GetObjectVersion"],
			["[var.artifact_kms_key_arn]", '["arn:aws:kms:eu-west-1:111122223333:key/other"]'],
			[':*"]', '"]'],
		] as const)
			expect(grants(await terraformWith(from, to))).not.toEqual(grantsIn(policy));
		const more = 'resource "aws_iam_role_policy_attachment" "more" {}\nlocals {';
		const { otherGrants } = await terraformWith("locals {", more);
		expect(otherGrants).toEqual(["aws_iam_role_policy_attachment.more"]);
	});
});

const ENVIRONMENT = {
	CLEF_AGENT_SOURCE: "s3://acme-artifacts/api/production.age.json",
	CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	CLEF_AGENT_IDENTITY: "api",
	CLEF_AGENT_ENVIRONMENT: "production",
	CLEF_AGENT_CACHE_TTL: "300",
};

describe("the function", () => {
	it.each(DEPLOYMENTS)("is set up alike by %s", (_, { environment, settings, logGroup }) => {
		expect(environment).toEqual(ENVIRONMENT);
		expect(settings).toEqual({ runtime: "python3.13", handler: "index.handler", timeout: 10, memory: 256 });
		expect(logGroup).toBe("/aws/lambda/api");
	});

	it("has an environment that the agent accepts", () => {
		const { agent, warnings, token } = configFromEnvironment(ENVIRONMENT, () => "");
		expect(agent).toMatchObject({ identity: "api", environment: "production", ttlSeconds: 300 });
		expect(agent.verifyKeys).toHaveLength(1);
		expect(token).toBeUndefined();
		expect(warnings).toEqual([]);
	});
});

describe("parameters", () => {
	const parameters = readTemplate(cloudformation).template.Parameters;

	it.each([sam, cloudformation])("show the public key to whoever may see the stack", (text) => {
		expect(text).not.toMatch(/^\s*NoEcho:/m);
	});

	it.each([
		["ArtifactKey", "artifact_key", ["api/*", "api/?.json", "a%20b", ""]],
		["ArtifactKmsKeyArn", "artifact_kms_key_arn", ["arn:aws:kms:eu-west-1:111122223333:alias/api", "*"]],
	] as const)("%s cannot widen the policy", (name, terraformName, refused) => {
		const [, pattern = ""] =
			new RegExp(`${name}:\\n(?:    .*\\n)*?    AllowedPattern: (.*)\\n`).exec(sam) ?? [];
		expect(parameters).toMatchObject({ [name]: { AllowedPattern: pattern } });
		const condition = `can(regex("${pattern}", var.${terraformName}))`;
		expect(terraformExample()["variables.tf"]).toContain(condition);
		expect(SAMPLE[terraformName]).toMatch(new RegExp(pattern));
		for (const value of refused) expect(value).not.toMatch(new RegExp(pattern));
	});
});

describe("every CLEF_AGENT_* name in deploy/lambda", () => {
	const folder = fileURLToPath(new URL("../../deploy/lambda/", import.meta.url));
	const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
		/\.\w+$/.test(path),
	);
	const known = ENVIRONMENT_VARIABLES.flatMap(({ name, fileAllowed }) =>
		fileAllowed ? [name, `${name}_FILE`] : [name],
	);

	function strangers(text: string): string[] {
		const names = text.match(/CLEF_AGENT_\w+/g) ?? [];
		return names.filter((name) => !known.some((one) => one === name));
	}

	it.each(files)("is a variable that the agent knows: %s", (path) => {
		expect(strangers(example(path))).toEqual([]);
	});

	it.each([
		["CLEF_AGENT_CACHE_TTL", "CLEF_AGENT_TTL"],
		["CLEF_AGENT_AGE_KEY", "CLEF_AGENT_TELEMETRY_URI"],
	])("would be found in a copy: %s written %s", (from, to) => {
		for (const text of [sam, cloudformation, terraformExample()["main.tf"] ?? ""])
			expect(strangers(planted(text, from, to))).toEqual([to]);
	});
});
