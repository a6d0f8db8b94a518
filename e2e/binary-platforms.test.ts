import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it, vi } from "vitest";
import { arm64Emulator, Binary, binaryParts, buildBinary } from "./binary-stage.js";
import { runProgram } from "./command.js";
import { nodeTarball } from "./other-node.js";
import { itWith } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

vi.setConfig({ testTimeout: 120_000 });

const linux = await binaryParts("linux-arm64");
const emulator = arm64Emulator();
const itOnArm64 = itWith(linux.present ? emulator : linux);

/** What building a binary for macOS needs of the registry. */
const DARWIN_NODE = "26.10.0";
const darwin = await Promise.all(
	["bin-darwin-arm64", "linux-x64"].map((platform) => nodeTarball(platform, DARWIN_NODE)),
);
const itWithDarwinNode = itWith({
	name: `Node.js ${DARWIN_NODE} for macOS`,
	present: linux.present && darwin.every((one) => "file" in one),
	missing: "the package registry is not reachable, or this machine is not Linux on x64",
});

itOnArm64(
	"linux-arm64: is built with compiled code, serves under an emulator, and ends at SIGTERM",
	async () => {
		const output = temporaryFolder();
		const built = await buildBinary("linux-arm64", output);
		expect(built).toMatchObject({ status: 0, stderr: "" });
		expect(built.stdout).toMatch(/^clef-agent-linux-arm64 +[\d.]+ MB {2}Node\.js 24\.21\.0\n$/);
		const file = join(output, "clef-agent-linux-arm64");
		const binary = new Binary(file, { emulated: true });
		const { version } = JSON.parse(
			readFileSync(new URL("../apps/agent/package.json", import.meta.url), "utf8"),
		);
		expect(await binary.run(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
		const source = join(output, "artifact.json");
		writeFileSync(source, vector("signed"));
		const agent = await binary.ready({
			CLEF_AGENT_SOURCE: source,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		});
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
		// The kernel's refusal, as a shell puts it.
		const started = await runProgram("bash", ["-c", '"$0" --version', file]);
		expect(started.status).toBe(126);
		expect(started.stderr).toContain("Exec format error");
	},
);

itWithDarwinNode("darwin-arm64: is a Mach-O file with the agent in it, unsigned", async () => {
	const output = temporaryFolder();
	const built = await buildBinary("darwin-arm64", output);
	expect(built).toMatchObject({ status: 0, stderr: "" });
	expect(built.stdout).toContain("without compiled code");
	const bytes = readFileSync(join(output, "clef-agent-darwin-arm64"));
	expect([bytes.readUInt32LE(0), bytes.readUInt32LE(4)]).toEqual([0xfeedfacf, 0x0100000c]);
	const commands = loadCommands(bytes);
	expect(commands.some(({ kind, name }) => kind === 0x19 && name === "NODE_SEA")).toBe(true);
	// An invalid signature is refused by macOS, none can be added.
	expect(commands.some(({ kind }) => kind === 0x1d)).toBe(false);
	expect(bytes.includes("NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1")).toBe(true);
	expect(bytes.includes("clef-agent.cjs")).toBe(true);
});

/** The load commands of a Mach-O file, with the name that a segment has. */
function loadCommands(bytes: Buffer): { kind: number; name: string }[] {
	const commands: { kind: number; name: string }[] = [];
	for (let at = 32; commands.length < bytes.readUInt32LE(16); at += bytes.readUInt32LE(at + 4))
		commands.push({
			kind: bytes.readUInt32LE(at),
			name: bytes.toString("latin1", at + 8, at + 24).replace(/\0.*$/, ""),
		});
	return commands;
}

it("knows no binary for another platform", async () => {
	expect(await buildBinary("linux-riscv64", temporaryFolder())).toMatchObject({ status: 1, stdout: "" });
});
