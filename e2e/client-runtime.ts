import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "./command.js";
import { inheritedNpm, otherNode } from "./other-node.js";

/** A runtime from the package registry. */
interface Packaged {
	readonly spec: string;
	/** What `npm view SPEC dist.integrity` printed when the version was taken. */
	readonly integrity: string;
	/** Its program, inside the package. */
	readonly binary: string;
	/** What comes before the file to run. */
	readonly args: readonly string[];
}

/** How to run a file, or why it cannot be run. */
export type Runtime =
	| { readonly path: string; readonly args: readonly string[] }
	| { readonly missing: string };

const PACKAGED: Readonly<Record<string, Packaged>> = {
	bun: {
		spec: "@oven/bun-linux-x64@1.4.5",
		integrity:
			"sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==",
		binary: "bin/bun",
		args: ["run"],
	},
	deno: {
		spec: "@deno/linux-x64-glibc@2.9.6",
		integrity:
			"sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
		binary: "deno",
		args: ["run", "--no-remote", "--no-npm", "--allow-env", "--allow-net=127.0.0.1", "--allow-read"],
	},
	workerd: {
		spec: "@cloudflare/workerd-linux-64@1.20261117.1",
		integrity:
			"sha512-gZLA8X11m/luZwn+YA3+mDu61vdxNJzpksP/QZqjydKTQ+VUCulsK5gtn9Bqst1p3KJu2kafQpJ1nDQv4B23jA==",
		binary: "bin/workerd",
		args: [],
	},
};

const cache = fileURLToPath(new URL("../node_modules/.cache/clef-runtimes/", import.meta.url));

/** Runtimes besides Node that run a file as Node does. */
export const OTHER_RUNTIMES: readonly string[] = ["bun", "deno"];

/** A runtime by its name: `current`, a version of Node, or another one. */
export async function runtimeNamed(name: string): Promise<Runtime> {
	if (name === "current") return { path: process.execPath, args: [] };
	const packaged = PACKAGED[name];
	if (packaged !== undefined) return packagedRuntime(packaged);
	const found = await otherNode(name);
	return "path" in found ? { path: found.path, args: [] } : found;
}

async function packagedRuntime({ spec, integrity, binary, args }: Packaged): Promise<Runtime> {
	if (process.platform !== "linux" || process.arch !== "x64")
		return { missing: "only packaged for linux-x64 here" };
	const folder = join(cache, spec.replaceAll("/", "-"));
	const path = join(folder, "package", binary);
	if (existsSync(path)) return { path, args };
	const partial = `${folder}.${process.pid}.partial`;
	mkdirSync(partial, { recursive: true });
	try {
		const packing = await runProgram("npm", ["pack", "--silent", spec], {
			cwd: partial,
			env: inheritedNpm(),
		});
		const [tarball] = readdirSync(partial);
		if (packing.status !== 0 || tarball === undefined)
			return { missing: "the package registry is not reachable" };
		const file = join(partial, tarball);
		const digest = createHash("sha512").update(readFileSync(file)).digest("base64");
		if (`sha512-${digest}` !== integrity)
			throw new RangeError(`${spec} has another hash than it had: ${digest}`);
		await runProgram("tar", ["-xzf", file, `package/${binary}`], { cwd: partial });
		rmSync(file);
		chmodSync(join(partial, "package", binary), 0o755);
		if (!existsSync(folder)) renameSync(partial, folder);
		return { path, args };
	} finally {
		rmSync(partial, { recursive: true, force: true });
	}
}
