import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect } from "vitest";
import type { StartOptions } from "./agent-process.js";
import { type Ended, runProgram } from "./command.js";
import { lambdaStage } from "./lambda-stage.js";
import { inheritedNpm, nodeTarball } from "./other-node.js";
import type { Part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

/** The workspace's folder. */
export const workspace: string = fileURLToPath(new URL("..", import.meta.url));

/** The version of Node.js in the layers. */
const LAYER_NODE = "24.21.0";

/** What the build reads. */
const BUILD_INPUTS = [
	"scripts",
	"deploy",
	"LICENSE",
	"package.json",
	"apps/agent/package.json",
	"apps/agent/dist",
	"apps/agent/standalone",
];

/** The Node.js binaries: from the cache, or else the registry must be there. */
export async function nodeBinaries(): Promise<Part> {
	const found = await Promise.all(
		["linux-x64", "linux-arm64"].map((platform) => nodeTarball(platform, LAYER_NODE)),
	);
	const missing = found.flatMap((one) => ("missing" in one ? [one.missing] : []));
	const part = { name: `Node.js ${LAYER_NODE} for Linux`, present: missing.length === 0 };
	return missing[0] === undefined ? part : { ...part, missing: missing[0] };
}

/** Runs the build of the layers. */
export function buildLayer(
	args: readonly string[],
	{ root = workspace, env = {} }: { root?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
	const script = join(root, "scripts", "build-layer.js");
	return runProgram(process.execPath, [script, ...args], { env: { ...inheritedNpm(), ...env } });
}

/** A copy, in a place of its own, of what the build reads, for tests that build from something else. */
export function workspaceCopy({ cached = true } = {}): string {
	const copy = join(temporaryFolder(), "another place");
	for (const input of BUILD_INPUTS) cpSync(join(workspace, input), join(copy, input), { recursive: true });
	const linked = cached ? "node_modules" : "node_modules/fflate";
	mkdirSync(dirname(join(copy, linked)), { recursive: true });
	symlinkSync(join(workspace, linked), join(copy, linked));
	return copy;
}

/** Writes a program in shell. */
export function shellProgram(file: string, script: string): void {
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Starts an extension as Lambda would, in an environment like a function's, and leads it through one invocation. */
export async function extensionLives(options: StartOptions): Promise<void> {
	const source = join(temporaryFolder(), "artifact.json");
	writeFileSync(source, await sealArtifact({ secrets: { KEY: "the-value-of-it" } }));
	const { invoke, runtime, shutdown } = await lambdaStage(
		{
			CLEF_AGENT_SOURCE: source,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			NODE_OPTIONS: "--require ./nowhere.js",
		},
		options,
	);
	expect(await runtime.registered()).toMatchObject({ name: "clef-agent" });
	expect(await invoke()).toEqual({ KEY: "the-value-of-it" });
	expect(await shutdown()).toMatchObject({ status: 0 });
}
