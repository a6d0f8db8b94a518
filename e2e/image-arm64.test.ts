import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, vi } from "vitest";
import { runProgram } from "./command.js";
import { readArchive, unpackLayer } from "./image-archive.js";
import { expectedEntries, PLATFORMS } from "./image-contents.js";
import {
	buildBinary,
	buildImage,
	containersWork,
	itWithContainers,
	itWithEmulator,
	output,
} from "./image-stage.js";
import { workspace } from "./lambda-layer-stage.js";

vi.setConfig({ testTimeout: 120_000 });

const archive = join(output, "clef-agent-linux-arm64.tar");

beforeAll(async () => {
	if (!containersWork) return;
	await buildBinary("linux-arm64", output);
	const args = ["--only", "linux-arm64", "--binaries", output, "--output", output];
	expect(await buildImage(args)).toMatchObject({ status: 0, stderr: "" });
}, 300_000);

itWithContainers("the image for arm64 holds the same as the one for x64", async () => {
	const { configuration, entries } = await readArchive(archive);
	expect(configuration).toMatchObject({ architecture: "arm64", os: "linux" });
	expect(entries).toEqual(expectedEntries(PLATFORMS.arm64));
});

itWithEmulator("the command for arm64 starts with the files of its image alone", async () => {
	const root = join(output, "root");
	mkdirSync(root);
	await unpackLayer(archive, root);
	const { version } = JSON.parse(readFileSync(join(workspace, "apps/agent/package.json"), "utf8"));
	const ended = await runProgram("qemu-aarch64-static", ["-L", root, join(root, "clef-agent"), "--version"]);
	expect(ended).toMatchObject({ status: 0, stderr: "" });
	expect(ended.stdout).toContain(version);
});
