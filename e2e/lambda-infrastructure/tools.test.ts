import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runProgram } from "../command.js";
import { planted } from "../json.js";
import { temporaryFolder } from "../temporary-folder.js";
import { templateProblems } from "./cloudformation.js";
import { templateDeployment } from "./deployment.js";
import { example } from "./examples.js";

const folder = fileURLToPath(new URL("../../deploy/lambda/", import.meta.url));

/** Uploads are what `sam deploy` does first; the rest of its work is this library's. */
const EXPAND = `
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoManagedPolicies:
    def load(self):
        return {}

template = yaml_parse(sys.stdin.read())
for resource in template["Resources"].values():
    for name in ("ContentUri", "CodeUri"):
        if name in resource["Properties"]:
            resource["Properties"][name] = "s3://uploads/" + name
print(json.dumps(transform(template, {}, NoManagedPolicies())))
`;

/** `it` for tools that neither npm nor Debian has: where one is missing the test is skipped and says so, in CI too. */
function itWithTool(tool: string, [program = "", ...args]: readonly string[]) {
	const present = spawnSync(program, args).status === 0;
	return (title: string, test: () => Promise<void>) => {
		if (present) it(title, test, 60_000);
		else it.skip(`${title} (needs ${tool}, which is not installed)`, test);
	};
}

itWithTool("cfn-lint", ["cfn-lint", "--version"])(
	"cfn-lint has nothing to say of the templates",
	async () => {
		const templates = ["cloudformation", "sam"].map((name) => join(folder, name, "template.yaml"));
		expect(await runProgram("cfn-lint", templates)).toEqual({ status: 0, stdout: "", stderr: "" });
		const wrong = join(temporaryFolder(), "template.yaml");
		writeFileSync(wrong, planted(example("cloudformation/template.yaml"), "MemorySize", "Memory"));
		expect((await runProgram("cfn-lint", [wrong])).stdout).toContain("E3002");
	},
);

const itWithSam = itWithTool("samtranslator for python3", ["python3", "-c", "import samtranslator"]);

itWithSam("what SAM makes of its template is right, and grants the same", async () => {
	const text = example("sam/template.yaml");
	const env = { AWS_DEFAULT_REGION: "eu-west-1" };
	const { status, stdout, stderr } = await runProgram("python3", ["-c", EXPAND], { stdin: text, env });
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	expect(templateProblems(stdout)).toEqual([]);
	expect(templateDeployment(stdout)).toEqual(templateDeployment(text));
});

itWithTool("terraform", ["terraform", "version"])("terraform fmt would change nothing", async () => {
	const checked = await runProgram("terraform", ["fmt", "-check", join(folder, "terraform")]);
	expect(checked).toMatchObject({ status: 0, stdout: "" });
});
