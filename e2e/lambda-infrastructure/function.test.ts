import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentProcess } from "../agent-process.js";
import { runProgram } from "../command.js";
import { freePort } from "../free-port.js";
import { objectAt, planted } from "../json.js";
import { itWith, part } from "../part.js";
import { temporaryFolder } from "../temporary-folder.js";
import { example } from "./examples.js";
import { readTemplate } from "./template.js";

const itWithPython = itWith(part("python3"));
const SESSION_TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE/session+token==";
const NAMES = Object.entries(vectorSecrets)
	.flatMap(([namespace, secrets]) => Object.keys(secrets).map((key) => `${namespace}__${key}`))
	.sort();

/** An agent as it runs in Lambda, as far as its function can tell. */
async function agent(): Promise<AgentProcess> {
	const source = join(temporaryFolder(), "artifact.json");
	writeFileSync(source, vector("plain"));
	const started = await AgentProcess.listening({
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_TOKEN: SESSION_TOKEN,
	});
	await started.logged("artifact.refreshed");
	return started;
}

async function invoke(
	port: number,
	env: Readonly<Record<string, string>>,
	code = example("function/index.py"),
) {
	const program = `${code}\nprint(json.dumps(handler({}, None)))`;
	return runProgram("python3", ["-"], { stdin: program, env: { CLEF_AGENT_PORT: String(port), ...env } });
}

describe("the function of the Lambda examples", () => {
	itWithPython("reads its secrets from the agent and returns their names only", async () => {
		const { port } = await agent();
		const { status, stdout, stderr } = await invoke(port, { AWS_SESSION_TOKEN: SESSION_TOKEN });
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(JSON.parse(stdout)).toEqual({ names: NAMES });
	});

	itWithPython("sends its token to no proxy", async () => {
		const { port } = await agent();
		const proxy = `http://127.0.0.1:${await freePort()}`;
		const env = { AWS_SESSION_TOKEN: SESSION_TOKEN, HTTP_PROXY: proxy, http_proxy: proxy };
		expect((await invoke(port, env)).status).toBe(0);
		const careless = planted(example("function/index.py"), "urllib.request.ProxyHandler({})", "");
		expect((await invoke(port, env, careless)).status).not.toBe(0);
	});

	itWithPython("fails where the agent does not take its token", async () => {
		const { port } = await agent();
		const { status, stderr } = await invoke(port, { AWS_SESSION_TOKEN: "another-token-of-enough-length" });
		expect(status).not.toBe(0);
		expect(stderr).toContain("HTTP Error 401");
	});

	it("is the same in the CloudFormation template", () => {
		const { Function: lambda } = resources("cloudformation/template.yaml");
		expect(propertiesOf(lambda).Code).toEqual({ ZipFile: example("function/index.py") });
	});
});

describe("the layers of the examples", () => {
	it.each(["x64", "arm64"])("are in dist/layer: %s", (architecture) => {
		const layers = Object.values(resources("sam/template.yaml")).map(
			(resource) => propertiesOf(resource).ContentUri,
		);
		const root = new URL("../../", import.meta.url).href;
		const paths = layers
			.filter((path) => typeof path === "string")
			.map((path) => new URL(path, `${root}deploy/lambda/sam/`).href.replace(root, ""));
		expect(paths).toContain(`dist/layer/clef-agent-lambda-${architecture}.zip`);
		expect(example("terraform/main.tf")).toContain("/../../../dist/layer/clef-agent-lambda-");
	});
});

function resources(path: string) {
	return objectAt(readTemplate(example(path)).template.Resources);
}

function propertiesOf(resource: ReturnType<typeof resources>[string] | undefined) {
	return objectAt(objectAt(resource).Properties);
}
