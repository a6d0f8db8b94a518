import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { runProgram } from "./command.js";
import { type InstalledLibrary, installLibrary } from "./installed-library.js";
import { OTHER_NODES, otherNode } from "./other-node.js";
import { temporaryFolder } from "./temporary-folder.js";

const BODY = `
	createAgent({
		source: { kind: "file", path: "artifact.json" },
		decryptor: { ageIdentities: process.env.AGE_KEY },
		verifyKeys: process.env.VERIFY_KEY,
	}).then(async (agent) => {
		process.stdout.write(JSON.stringify(agent.secrets().reveal()));
		await agent.close();
	});
`;
const PROGRAMS = {
	"program.mjs": `import { createAgent } from "@clef-sh/core";${BODY}`,
	"program.cjs": `const { createAgent } = require("@clef-sh/core");${BODY}`,
};

let library: InstalledLibrary | { readonly missing: string };

beforeAll(async () => {
	library = await installLibrary();
	if ("missing" in library) return;
	writeFileSync(join(library.folder, "artifact.json"), vector("signed"));
	for (const [name, code] of Object.entries(PROGRAMS)) writeFileSync(join(library.folder, name), code);
});

afterAll(() => {
	if ("folder" in library) library.remove();
});

/** The binary to run, skipping the test by name where it cannot be had. */
async function nodeOf(version: string, context: TestContext): Promise<string> {
	if (version === "current") return process.execPath;
	const found = await otherNode(version);
	return "path" in found ? found.path : context.skip(`Node ${version}: ${found.missing}`);
}

function installedFolder(context: TestContext): string {
	return "folder" in library ? library.folder : context.skip(`installed library: ${library.missing}`);
}

describe.each(["current", ...OTHER_NODES])("on Node %s", (version) => {
	for (const program of Object.keys(PROGRAMS)) {
		it(`the installed library hands out secrets in-process: ${program}`, async (context) => {
			const cwd = installedFolder(context);
			const env = { AGE_KEY: vectorKeys.ageSecretKey, VERIFY_KEY: vectorKeys.ed25519PublicKey };
			const ended = await runProgram(await nodeOf(version, context), [program], { cwd, env });
			expect(ended).toMatchObject({ status: 0, stderr: "" });
			expect(JSON.parse(ended.stdout)).toEqual(vectorSecrets);
		});
	}

	it("the built command serves and stops", async (context) => {
		const node = await nodeOf(version, context);
		const source = join(temporaryFolder(), "artifact.json");
		writeFileSync(source, vector("signed"));
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: source }, { node });
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
	});
});
