import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
// @boundaries-ignore podman is called in one way everywhere
import { podmanIn } from "../scripts/image/podman.js";
import { type Ended, inherited, runProgram } from "./command.js";
import { workspace } from "./lambda-layer-stage.js";
import { inheritedNpm } from "./other-node.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "clef-agent-containers-")));
const PODMAN = podmanIn(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LOADER = "/lib64/ld-linux-x86-64.so.2";

/** Why containers cannot be built and run here, or nothing. */
const obstacle = findObstacle();

/**
 * `it` for tests that build or run containers. Where that is not possible they are skipped and say why in their name,
 * in CI too: it depends on more than what is installed.
 */
export const itWithContainers: typeof it = obstacle === undefined ? it : named(obstacle);

/** The same for tests that run the other architecture's command besides. */
export const itWithEmulator: typeof it =
	obstacle === undefined && spawnSync("qemu-aarch64-static", ["--version"]).status !== 0
		? named("qemu-aarch64-static is not installed")
		: itWithContainers;

/** Whether images are built here at all. */
export const containersWork: boolean = obstacle === undefined;

/** Where a test file builds its image; gone when its tests are over. */
export const output: string = join(folder, "output");
// Where all tests of a file are skipped, nothing that is to run after them does.
if (containersWork) mkdirSync(output);
else rmSync(folder, { recursive: true });

function named(reason: string): typeof it {
	const skip = (title: string) => it.skip(`${title} (needs containers: ${reason})`, () => undefined);
	return skip as typeof it;
}

function findObstacle(): string | undefined {
	if (process.platform !== "linux" || process.arch !== "x64") return "the tests are written for Linux on x64";
	if (process.getuid?.() !== 0) return "the tests run podman as root";
	const missing = ["buildah", "podman", "runc", "nsenter", "dpkg-deb"].filter(
		(name) => spawnSync(name, ["--version"]).status !== 0,
	);
	if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
	return runsNothing();
}

/** Tries the smallest container that there is: the C library's loader alone, which needs no other file. */
function runsNothing(): string | undefined {
	const root = join(folder, "probe");
	mkdirSync(root);
	cpSync(LOADER, join(root, "ld"), { dereference: true });
	const limits = ["--network", "none", "--read-only", "--cap-drop=all", "--memory", "64m"];
	const args = [...PODMAN.options, "run", "--rm", ...limits, "--rootfs", root, "/ld", "--version"];
	const { status, stderr } = spawnSync("podman", args, { encoding: "utf8", env: podmanEnvironment() });
	return status === 0 ? undefined : `podman cannot run one here: ${stderr.trim().split("\n").at(-1)}`;
}

function podmanEnvironment(): Record<string, string> {
	return { ...inheritedNpm(), ...PODMAN.environment };
}

/** A shell command that is podman with these images and containers. */
export function podmanProgram(): string {
	// Whatever starts this may have put it on the path as podman itself.
	const environment = `export PATH="${inherited().PATH}" CONTAINERS_CONF="${PODMAN.environment.CONTAINERS_CONF}"`;
	return `${environment}\nexec podman ${PODMAN.options.join(" ")} "$@"`;
}

/** Runs podman with images and containers of the tests' own. */
export function podman(...args: readonly string[]): Promise<Ended> {
	return runProgram("podman", [...PODMAN.options, ...args], { env: podmanEnvironment() });
}

/** Runs the build of the images. */
export function buildImage(
	args: readonly string[],
	{ root = workspace, env = {} }: { root?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
	const script = join(root, "scripts", "build-image.js");
	return runProgram(process.execPath, [script, ...args], { env: { ...inheritedNpm(), ...env } });
}

/** Builds the standalone command for a platform into a folder. */
export async function buildBinary(platform: string, output: string): Promise<void> {
	const script = join(workspace, "scripts", "build-binary.js");
	const args = [script, "--only", platform, "--output", output];
	expect(await runProgram(process.execPath, args, { env: inheritedNpm() })).toMatchObject({ status: 0 });
}
