import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configFromEnvironment } from "@clef-sh/core/env";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent, runProgram } from "./command.js";
import type { TaskDefinitionJson } from "./ecs-task-definition-type.js";
import { temporaryFolder } from "./temporary-folder.js";

const FILE = fileURLToPath(new URL("../deploy/ecs/task-definition.json", import.meta.url));
const TYPE = fileURLToPath(new URL("ecs-task-definition-type.js", import.meta.url));
const TSC = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const text = readFileSync(FILE, "utf8");
const definition: TaskDefinitionJson = JSON.parse(text);
const [agent, application] = definition.containerDefinitions;

/** The file with one place changed. */
function planted(from: string, to: string): string {
	if (!text.includes(from)) throw new RangeError(`${from} is not in the task definition.`);
	return text.replace(from, to);
}

/** What the compiler says about task definitions as literals of the type that the AWS SDK has for them. */
async function typeErrors(...definitions: readonly string[]): Promise<readonly string[]> {
	const folder = temporaryFolder();
	const files = definitions.map((json, index) => {
		const file = join(folder, `definition-${index}.ts`);
		const code = [
			`import type { TaskDefinitionJson } from ${JSON.stringify(TYPE)};`,
			`export const definition: TaskDefinitionJson = ${json};\n`,
		];
		writeFileSync(file, code.join("\n"));
		return file;
	});
	const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
	const { stdout } = await runProgram(process.execPath, [TSC, "--ignoreConfig", ...options, ...files]);
	return files.map((_, index) => {
		const own = stdout.split("\n").filter((line) => line.includes(`definition-${index}.ts`));
		return own.join("\n");
	});
}

/** The agent's environment with a real key in the place of the one that is cut short. */
function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
	const given = (agent?.environment ?? []).map(({ name = "", value = "" }) => [name, value]);
	const secrets = (agent?.secrets ?? []).map(({ name }) => [name, TOKEN]);
	const key = { CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };
	return { ...Object.fromEntries([...given, ...secrets]), ...key, ...extra };
}

describe("the task definition", () => {
	it("is one by the types of the AWS SDK, which would find these mistakes in it", async () => {
		const mistakes = [
			['"readonlyRootFilesystem"', '"readOnlyRootFilesystem"'],
			['"HEALTHY"', '"HEALTY"'],
			['"containerName"', '"container"'],
			['"startPeriod": 60', '"startPeriod": "60"'],
			['"awsvpc"', '"host-only"'],
			['"essential": false,', ""],
		] as const;
		const [none, ...found] = await typeErrors(text, ...mistakes.map(([from, to]) => planted(from, to)));
		expect(none).toBe("");
		for (const [index, errors] of found.entries()) expect(errors, mistakes[index]?.[1]).not.toBe("");
	});

	it("gives the agent an environment that it accepts without a doubt", () => {
		const { agent: options, token, warnings } = configFromEnvironment(environment(), () => "");
		expect(warnings).toEqual([]);
		expect(options).toMatchObject({ identity: "api", environment: "production" });
		expect(token).toBe(TOKEN);
	});

	it("with a name that does not exist would be refused", () => {
		const misspelt = environment({ CLEF_AGENT_IDENTIY: "api" });
		expect(() => configFromEnvironment(misspelt, () => "")).toThrow(/CLEF_AGENT_IDENTIY/);
	});

	it("gives both containers the same token, and no container a key", () => {
		const [given, ...more] = agent?.secrets ?? [];
		expect(more).toEqual([]);
		expect(application?.secrets).toEqual([given]);
		expect(text).not.toMatch(/AGE_KEY|AGE-SECRET/);
		expect(definition.taskRoleArn).not.toBe(definition.executionRoleArn);
	});

	it("takes every right from the agent that it can do without", () => {
		expect(agent).toMatchObject({
			user: "65532:65532",
			readonlyRootFilesystem: true,
			linuxParameters: { capabilities: { drop: ["ALL"] } },
		});
		expect(agent?.portMappings).toBeUndefined();
	});

	it("starts the application once the agent is ready, and outlives the agent's trouble", () => {
		expect(definition.networkMode).toBe("awsvpc");
		expect(application?.dependsOn).toEqual([{ containerName: agent?.name, condition: "HEALTHY" }]);
		expect(agent).toMatchObject({ essential: false, restartPolicy: { enabled: true } });
	});
});

describe("the health check", () => {
	const [kind, program, ...args] = agent?.healthCheck?.command ?? [];

	it("is a command of the agent, which fails until there are secrets", async () => {
		expect([kind, program]).toEqual(["CMD", "/clef-agent"]);
		const source = join(temporaryFolder(), "artifact.json");
		const { port } = await AgentProcess.listening({ CLEF_AGENT_SOURCE: source });
		const check = () => clefAgent(args, { env: { CLEF_AGENT_PORT: String(port) } });
		expect(await check()).toMatchObject({ status: 1, stderr: "clef-agent: not ready: not_loaded\n" });
	});

	it("waits no shorter than the command itself does, and within ECS's bounds", () => {
		const { interval = 0, timeout = 0, retries = 0, startPeriod = 0 } = agent?.healthCheck ?? {};
		expect(timeout).toBeGreaterThan(2);
		for (const [value, least, most] of [
			[interval, 5, 300],
			[timeout, 2, 60],
			[retries, 1, 10],
			[startPeriod, 0, 300],
		] as const) {
			expect(value).toBeGreaterThanOrEqual(least);
			expect(value).toBeLessThanOrEqual(most);
		}
	});
});
