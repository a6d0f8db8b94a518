import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorSecrets } from "@clef-sh/testkit/vectors";
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { runProgram } from "./command.js";
import {
	environmentOf,
	type Installation,
	installedPackages,
	npmInstall,
	packagesWithInstallScripts,
	packed,
	tarballFolder,
	weightOf,
} from "./npm-install.js";
import { OTHER_NODES, otherNode } from "./other-node.js";
import { followPage, PRINTED } from "./page-session.js";
import { itWith, part } from "./part.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

// npm takes a hundred packages from the registry.
vi.setConfig({ testTimeout: 120_000 });

/** What the command may weigh on a user's disk. */
const AGENT_LIMIT = { packages: 15, megabytes: 25 };
const LIBRARY = ["artifact", "cache", "decryptors", "sources", "core"];

const { version: agentVersion } = JSON.parse(
	readFileSync(new URL("../apps/agent/package.json", import.meta.url), "utf8"),
);
const tarballs = tarballFolder();
const installations: Installation[] = [];
let agentTarballs: readonly string[] = [];

beforeAll(async () => {
	agentTarballs = await packed(["agent"], tarballs.path);
});

afterAll(() => {
	tarballs.remove();
	for (const { remove } of installations) remove();
});

/** Installs, skipping the test by name where the registry cannot be reached. */
async function installed(
	files: readonly string[],
	node: string,
	context: TestContext,
): Promise<Installation> {
	const installation = await npmInstall(files, node);
	if ("missing" in installation) return context.skip(`npm install: ${installation.missing}`);
	installations.push(installation);
	return installation;
}

async function nodeOf(version: string, context: TestContext): Promise<string> {
	if (version === "current") return process.execPath;
	const found = await otherNode(version);
	return "path" in found ? found.path : context.skip(`Node ${version}: ${found.missing}`);
}

describe.each(["current", ...OTHER_NODES])("npm install @clef-sh/agent on Node %s", (version) => {
	it("serves a fixture's secrets, and npx runs the other commands", async (context) => {
		const node = await nodeOf(version, context);
		const { folder, warnings } = await installed(agentTarballs, node, context);
		expect(warnings).not.toContain("EBADENGINE");
		const npx = (...args: string[]) =>
			runProgram("npx", ["--no-install", "clef-agent", ...args], { cwd: folder, env: environmentOf(node) });
		expect(await npx("--version")).toMatchObject({
			status: 0,
			stdout: expect.stringContaining(agentVersion),
		});

		expect(await npx("keygen", "-o", "age.key")).toMatchObject({ status: 0 });
		expect(await npx("keygen", "--signing", "-o", "sign.key")).toMatchObject({ status: 0 });
		const recipient = /age1\w+/.exec(readFileSync(join(folder, "age.key"), "utf8"))?.[0] ?? "";
		writeFileSync(join(folder, ".env"), "DB_PASSWORD=hunter2\n");
		const sealed = ["--recipient", recipient, "--sign-key", "sign.key", "-o", "api.age.json"];
		const packing = ["pack", "--identity", "api", "--environment", "dev", ...sealed, ".env"];
		expect(await npx(...packing)).toMatchObject({ status: 0 });
		expect(readFileSync(join(folder, "api.age.json"), "utf8")).not.toContain("hunter2");

		const source = join(temporaryFolder(), "artifact.json");
		writeFileSync(source, vector("signed"));
		const program = join(folder, "node_modules", "@clef-sh", "agent", "bin", "clef-agent.cjs");
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: source }, { node, program, cwd: folder });
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
	});
});

itWith(part("curl"))("what the pages say to do leads to served secrets", async () => {
	const [tarball = ""] = agentTarballs;
	// It is one package, so that no registry is asked.
	const install = `npm install --offline --no-audit --no-fund "${tarball}"`;
	for (const page of ["docs/install/npm.md", "apps/agent/README.md"]) {
		const isWhole = page === "apps/agent/README.md";
		const fill = { "npm install @clef-sh/agent": install, ...(isWhole ? PRINTED : {}) };
		const { answers } = await followPage(snippetsFor("npm", page), {
			fill,
			env: environmentOf(process.execPath),
		});
		// npm may warn of its own settings first.
		const printed = isWhole ? '{"DB_PASSWORD":"hunter2"}' : `${agentVersion}\n`;
		expect(answers.at(-1)?.output).toMatch(new RegExp(`(?:^|\n)${printed}$`));
	}
});

it("@clef-sh/agent brings no install script and weighs no more than it may", async (context) => {
	const { folder } = await installed(agentTarballs, process.execPath, context);
	const weight = weightOf(folder);
	console.log(`@clef-sh/agent: ${weight.packages} packages, ${weight.megabytes.toFixed(1)} MB`);
	expect(packagesWithInstallScripts(folder)).toEqual([]);
	expect(weight.packages).toBeLessThanOrEqual(AGENT_LIMIT.packages);
	expect(weight.megabytes).toBeLessThanOrEqual(AGENT_LIMIT.megabytes);
});

it("@clef-sh/core brings no install script; what it weighs is said", async (context) => {
	const { folder } = await installed(await packed(LIBRARY, tarballs.path), process.execPath, context);
	const weight = weightOf(folder);
	console.log(`@clef-sh/core: ${weight.packages} packages, ${weight.megabytes.toFixed(1)} MB`);
	expect([...installedPackages(folder).keys()]).toContain("node_modules/@clef-sh/core");
	expect(packagesWithInstallScripts(folder)).toEqual([]);
});

it("a package with an install script would be found", async (context) => {
	const planted = temporaryFolder();
	const manifest = { name: "planted", version: "1.0.0", scripts: { postinstall: "node --version" } };
	writeFileSync(join(planted, "package.json"), JSON.stringify(manifest));
	const { stdout } = await runProgram("npm", ["pack", "--silent"], { cwd: planted });
	const { folder } = await installed([join(planted, stdout.trim())], process.execPath, context);
	expect(packagesWithInstallScripts(folder)).toEqual(["node_modules/planted"]);
});
