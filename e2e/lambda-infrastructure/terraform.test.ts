import { expect } from "vitest";
import { planted } from "../json.js";
import { itWith } from "../part.js";
import { terraformExample } from "./examples.js";
import { terraformProvider } from "./provider.js";
import { moduleProblems } from "./terraform.js";

const provider = await terraformProvider();
const itWithProvider = itWith({
	name: "the Terraform providers' declarations from the package registry",
	present: "types" in provider,
});

function problemsIn(files: Readonly<Record<string, string>>): Promise<string[]> {
	if ("missing" in provider) throw new RangeError(provider.missing);
	return moduleProblems(files, provider.types);
}

itWithProvider(
	"against its providers' declarations there is nothing wrong with the Terraform module",
	async () => {
		expect(await problemsIn(terraformExample())).toEqual([]);
	},
);

const IN_MAIN = [
	[
		"an unknown type of resource",
		'"aws_lambda_function" "',
		'"aws_lambda" "',
		"aws_lambda.function: there is no such type",
	],
	[
		"an unknown type of data",
		'"aws_partition"',
		'"aws_partitions"',
		"data.aws_partitions.current: there is no such type",
	],
	["an unknown argument", "memory_size ", "memory ", "aws_lambda_function.function: memory does not exist"],
	["an unknown argument in a block", "variables = {", "values = {", "environment: values does not exist"],
	["an unknown block", "  principals {", "  principal {", "statement: principal does not exist"],
	[
		"a missing argument",
		"  role             = aws_iam_role.function.arn\n",
		"",
		"aws_lambda_function.function: role is missing",
	],
	["a missing argument in a block", '      type        = "Service"\n', "", "principals: type is missing"],
	["a word for a number", "= 256", '= "large"', "memory_size: a string, and a number is needed"],
	["a number for a text", '= "index.handler"', "= 10", "handler: a number, and a string is needed"],
	["a text for a list", '["sts:AssumeRole"]', '"sts:AssumeRole"', "actions: a string, and a list is needed"],
	["a list for a text", '= "clef-agent"', '= ["clef-agent"]', "name: a list, and a string is needed"],
	[
		"a variable for a list",
		"[var.artifact_kms_key_arn]",
		"var.artifact_kms_key_arn",
		"resources: a string, and a list is needed",
	],
	[
		"a text variable for a number",
		"= 256",
		"= var.identity",
		"memory_size: a string, and a number is needed",
	],
	["an argument for a block", "environment {", "environment = {", "environment: not a block"],
	["a list of something else", "[var.architecture]", "[64]", "holds something that is not a string"],
	["an undeclared variable", "var.verify_key", "var.verifying_key", "there is no var.verifying_key"],
	[
		"an undeclared variable inside of a text",
		"{var.artifact_bucket}",
		"{var.bucket}",
		"there is no var.bucket",
	],
	["an undeclared local", "(local.layer_zip)", "(local.zip)", "there is no local.zip"],
	[
		"an undeclared resource",
		"[aws_iam_role_policy.function,",
		"[aws_iam_role_policy.role,",
		"there is no aws_iam_role_policy.role",
	],
	[
		"an undeclared data source",
		"data.aws_iam_policy_document.assume_role",
		"data.aws_iam_policy_document.assume",
		"there is no data.aws_iam_policy_document.assume",
	],
	[
		"an attribute a resource lacks",
		"clef_agent.arn",
		"clef_agent.layer",
		"there is no aws_lambda_layer_version.clef_agent.layer",
	],
	[
		"an attribute a data source lacks",
		"output_base64sha256",
		"base64sha256",
		"there is no data.archive_file.function.base64sha256",
	],
	["an unknown function", "filebase64sha256(", "filehash(", "there is no function filehash"],
	[
		"an unknown function inside of a text",
		"{var.function_name}",
		"{lowercase(var.function_name)}",
		"there is no function lowercase",
	],
	["an unused variable", "= var.cache_ttl", "= 300", "var.cache_ttl: nothing uses it"],
	["an unused local", "locals {", 'locals {\n  zip = "x64.zip"', "local.zip: nothing uses it"],
	["a provider that is not required", "    archive = {", "    zip = {", "provider archive: not required"],
	["a block of no kind", "locals {", "local {", "there are no local blocks here"],
	[
		"something declared twice",
		'data "aws_partition" "current" {}',
		'data "aws_partition" "current" {}\n'.repeat(2),
		"data.aws_partition.current: declared twice",
	],
	["a brace too few", 'data "aws_partition" "current" {}', 'data "aws_partition" "current" {', "main.tf"],
] as const;

const IN_VARIABLES = [
	[
		"a variable nothing uses",
		'variable "identity"',
		'variable "name" {\n  type = string\n}\n\nvariable "identity"',
		"var.name: nothing uses it",
	],
	["a variable of no type", "= number", "= integer", "var.cache_ttl: neither string, number nor bool"],
	["a default of another type", "= 300", '= "soon"', "var.cache_ttl: the default is no number"],
	["an unknown argument", "  default     = 300", "  value = 300", "var.cache_ttl: value does not exist"],
	["a validation without its own variable", '"], var.architecture)', '"], var.arch)', "there is no var.arch"],
] as const;

for (const [file, mistakes] of [
	["main.tf", IN_MAIN],
	["variables.tf", IN_VARIABLES],
] as const) {
	for (const [title, from, to, problem] of mistakes) {
		itWithProvider(`in a copy of ${file} this mistake is found: ${title}`, async () => {
			const files = terraformExample();
			const found = await problemsIn({ ...files, [file]: planted(files[file] ?? "", from, to) });
			expect(found.join("\n")).toContain(problem);
		});
	}
}

itWithProvider("in a copy of outputs.tf this mistake is found: an output of nothing", async () => {
	const files = terraformExample();
	const outputs = planted(
		files["outputs.tf"] ?? "",
		"aws_lambda_function.function.arn",
		"aws_lambda_function.agent.arn",
	);
	expect(await problemsIn({ ...files, "outputs.tf": outputs })).toEqual([
		"output.function_arn: there is no aws_lambda_function.agent",
	]);
});
