import { describe, expect, it } from "vitest";
import { planted } from "../json.js";
import { templateProblems } from "./cloudformation.js";
import { example } from "./examples.js";

const cloudformation = example("cloudformation/template.yaml");
const sam = example("sam/template.yaml");

describe("against AWS's own descriptions of its resources there is nothing wrong with", () => {
	it.each([
		["the CloudFormation template", cloudformation],
		["the SAM template", sam],
	])("%s", (_, text) => {
		expect(templateProblems(text)).toEqual([]);
	});
});

describe("in a copy of the CloudFormation template this mistake is found:", () => {
	it.each([
		[
			"an unknown type",
			"AWS::Logs::LogGroup",
			"AWS::Logs::Group",
			"LogGroup: there is no type AWS::Logs::Group",
		],
		["an unknown property", "MemorySize:", "Memory:", "Function: Memory does not exist"],
		["an unknown property further down", "S3Key:", "Key:", "Layer.Content: Key does not exist"],
		[
			"a property of the resource itself",
			"    Type: AWS::IAM::Role",
			"    Name: role\n    Type: AWS::IAM::Role",
			"Role: Name does not exist",
		],
		["a missing property", "      Role: !GetAtt Role.Arn\n", "", "Function: Role is missing"],
		[
			"a missing property further down",
			"        S3Bucket: !Ref LayerBucket\n",
			"",
			"Layer.Content: S3Bucket is missing",
		],
		["a word for a number", "Timeout: 10", "Timeout: ten", "Function.Timeout: not a number"],
		["a fraction for a whole number", "Timeout: 10", "Timeout: 10.5", "Function.Timeout: not a whole number"],
		[
			"a text for a list",
			" Architectures: [arm64]",
			" Architectures: arm64",
			"Function.Architectures: not a list",
		],
		[
			"a reference for a list",
			"Layers: [!Ref Layer]",
			"Layers: !Ref Layer",
			"Function.Layers: refers to a string, and array is needed",
		],
		[
			"a list for a mapping",
			"Variables:",
			"Variables: []\n        Other:",
			"Function.Environment.Variables: not a mapping",
		],
		["a number for a text", "Handler: index.handler", "Handler: 10", "Function.Handler: not a string"],
		[
			"a value that is not allowed",
			"RetentionInDays: 30",
			"RetentionInDays: 31",
			"LogGroup.RetentionInDays: not an allowed value",
		],
		["an undeclared Ref", "!Ref VerifyKey", "!Ref VerifyingKey", "there is no VerifyingKey"],
		["an undeclared name in a Sub", "{ArtifactBucket}", "{Artifacts}", "there is no Artifacts"],
		["an attribute nothing has", "!GetAtt Role.Arn", "!GetAtt Role.Name", "there is no Role.Name"],
		[
			"an attribute of a resource that is not there",
			"!GetAtt LogGroup.Arn",
			"!GetAtt Logs.Arn",
			"there is no Logs.Arn",
		],
		["an unknown pseudo parameter", "AWS::Partition", "AWS::Partitions", "there is no AWS::Partitions"],
		["an unused parameter", "!Ref Identity", "api", "Identity: nothing uses it"],
		[
			"a parameter of no type",
			"Type: Number",
			"Type: Numeric",
			"CacheTtl: not a type of parameter used here",
		],
		[
			"a default that is of another type",
			"Default: 300",
			"Default: soon",
			"CacheTtl: the default is no Number",
		],
		[
			"a default its own pattern refuses",
			"clef-agent-example",
			"clef agent",
			"FunctionName: the default does not match the pattern",
		],
		["an unknown function", "!Sub /aws", "!Substitute /aws", "Unresolved tag: !Substitute"],
		["a name given twice", "MemorySize: 256", "Timeout: 256", "Map keys must be unique"],
	])("%s", (_, from, to, problem) => {
		expect(templateProblems(planted(cloudformation, from, to)).join("\n")).toContain(problem);
	});
});

describe("in a copy of the SAM template this mistake is found:", () => {
	it.each([
		[
			"no transform",
			"Transform: AWS::Serverless-2016-10-31\n",
			"",
			"needs the transform AWS::Serverless-2016-10-31",
		],
		["an unknown property", "CodeUri:", "CodeUrl:", "Function: CodeUrl does not exist"],
		["a missing property", "      Handler: index.handler\n", "", "Function: Handler is missing"],
		[
			"a layer of nothing",
			"      ContentUri: ../../../dist/layer/clef-agent-lambda-x64.zip\n",
			"",
			"LayerX64: ContentUri is missing",
		],
		["a text for a number", "MemorySize: 256", "MemorySize: 256 MB", "Function.MemorySize: not a number"],
		[
			"a text for a list",
			"CompatibleArchitectures: [arm64]",
			"CompatibleArchitectures: arm64",
			"LayerArm64.CompatibleArchitectures: not a list",
		],
		[
			"a list for a text, in one branch of an If",
			"!Ref LayerX64]",
			"[x]]",
			"Function.Layers.0: not a string",
		],
		["an undeclared condition", "Condition: IsX64", "Condition: IsX86", "there is no condition IsX86"],
		["an undeclared condition in an If", "!If [IsArm64", "!If [IsArm", "there is no condition IsArm"],
		[
			"a default that is not among the values",
			"Default: x86_64",
			"Default: x64",
			"Architecture: the default is not allowed",
		],
		["an undeclared Ref", "!Ref LayerX64", "!Ref Layer", "there is no Layer"],
		[
			"an unused condition",
			"Conditions:",
			"Conditions:\n  IsArm: !Equals [!Ref Architecture, arm]",
			"IsArm: nothing uses it",
		],
		["an unused parameter", "!Ref CacheTtl", "300", "CacheTtl: nothing uses it"],
	])("%s", (_, from, to, problem) => {
		expect(templateProblems(planted(sam, from, to)).join("\n")).toContain(problem);
	});
});
