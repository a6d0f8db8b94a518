import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentProcess, type StartOptions } from "./agent-process.js";
import { type Ended, runProgram, type Surroundings } from "./command.js";
import { workspace } from "./lambda-layer-stage.js";
import { inheritedNpm, nodeTarball } from "./other-node.js";
import { type Part, part } from "./part.js";

/** The Node.js in the Linux binaries. */
const BINARY_NODE = "24.21.0";

/** The libraries that programs for arm64 need on another machine. */
const ARM64_LIBRARIES = "/usr/aarch64-linux-gnu";

/** What building a binary for Linux needs, and this machine's own being the x64 one. */
export async function binaryParts(name: "linux-x64" | "linux-arm64"): Promise<Part> {
	const tarball = await nodeTarball(name, BINARY_NODE);
	const needed = { name: `Node.js ${BINARY_NODE} and Linux on x64`, present: false };
	if (process.platform !== "linux" || process.arch !== "x64")
		return { ...needed, missing: "this machine is another" };
	return "missing" in tarball ? { ...needed, missing: tarball.missing } : { ...needed, present: true };
}

/** What runs programs for arm64 on this machine. */
export function arm64Emulator(): Part {
	const { present } = part("qemu-aarch64-static");
	const name = "qemu-user-static and the libraries for arm64";
	return { name, present: present && existsSync(ARM64_LIBRARIES) };
}

/** Runs the build of one binary into a folder. */
export function buildBinary(
	name: string,
	output: string,
	root: string = workspace,
	env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
	const script = join(root, "scripts", "build-binary.js");
	const args = [script, "--only", name, "--output", output];
	return runProgram(process.execPath, args, { env: { ...inheritedNpm(), ...env } });
}

/** A binary that was built, and how it is started on this machine. */
export class Binary {
	readonly file: string;
	readonly #before: readonly string[];

	constructor(file: string, { emulated = false } = {}) {
		this.file = file;
		this.#before = emulated ? ["qemu-aarch64-static", "-L", ARM64_LIBRARIES] : [];
	}

	get bytes(): Uint8Array {
		return readFileSync(this.file);
	}

	/** Runs a command of the binary to its end. */
	run(args: readonly string[], surroundings?: Surroundings): Promise<Ended> {
		const [program = this.file, ...before] = [...this.#before, this.file];
		return runProgram(program, [...before, ...args], surroundings);
	}

	/** How an {@link AgentProcess} is started as this binary. */
	get startOptions(): StartOptions {
		const [node = this.file, ...nodeArgs] = [...this.#before, this.file];
		return { node, nodeArgs, program: "run" };
	}

	/** Starts the agent and waits until it serves secrets. */
	ready(env: Readonly<Record<string, string>>): Promise<AgentProcess> {
		return AgentProcess.ready(env, this.startOptions);
	}
}
