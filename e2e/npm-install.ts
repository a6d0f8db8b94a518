import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "./command.js";
import { inheritedNpm } from "./other-node.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const LIFECYCLE = ["preinstall", "install", "postinstall"];

/** What npm wrote down of one installed package. */
interface InstalledPackage {
	readonly version: string;
	readonly hasInstallScript?: true;
}

/** An empty folder in which packages of this workspace are installed from tarballs, as a user would get them. */
export interface Installation {
	readonly folder: string;
	/** What npm warned of, for instance a package that does not promise to run on this Node. */
	readonly warnings: string;
	remove(): void;
}

/** How much an installation brings. */
export interface Weight {
	readonly packages: number;
	readonly megabytes: number;
}

/** Packs packages of this workspace, for instance `agent`, and returns the tarballs' paths. */
export async function packed(names: readonly string[], destination: string): Promise<string[]> {
	const before = new Set(readdirSync(destination));
	const filters = names.map((name) => `--filter=@clef-sh/${name}`);
	const pack = ["scripts/pnpm.js", ...filters, "pack", "--pack-destination", destination];
	const { status, stdout, stderr } = await runProgram(process.execPath, pack, {
		cwd: root,
		env: inheritedNpm(),
	});
	const files = readdirSync(destination).filter((name) => !before.has(name));
	if (status !== 0 || files.length !== names.length)
		throw new RangeError(`pnpm pack ${names.join(", ")} failed: ${stderr}${stdout}`);
	return files.map((name) => join(destination, name));
}

/** Installs tarballs with npm running on this Node; resolves with why not when the registry cannot be reached. */
export async function npmInstall(
	tarballs: readonly string[],
	node: string,
): Promise<Installation | { readonly missing: string }> {
	const folder = mkdtempSync(join(tmpdir(), "clef-install-"));
	const remove = () => rmSync(folder, { recursive: true, force: true });
	writeFileSync(join(folder, "package.json"), '{ "name": "fresh", "version": "1.0.0", "private": true }');
	// Scripts stay allowed: where one ran after all, the tests on the tree would find what it belongs to.
	const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs];
	const { status, stderr } = await runProgram("npm", install, { cwd: folder, env: environmentOf(node) });
	if (status === 0) return { folder, warnings: stderr, remove };
	remove();
	if (/\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET)\b/.test(stderr))
		return { missing: "the package registry is not reachable" };
	throw new RangeError(`npm install failed: ${stderr}`);
}

/** npm and npx start whichever Node comes first on the path. */
export function environmentOf(node: string): Record<string, string> {
	// The tests themselves may run under npx, which hands on what it was asked to run and where.
	const ofNpx = new Set(["npm_config_local_prefix", "npm_config_package", "npm_config_call"]);
	const inherited = Object.entries(inheritedNpm()).filter(([name]) => !ofNpx.has(name));
	const { PATH = "", ...others } = Object.fromEntries(inherited);
	return { ...others, PATH: `${dirname(node)}:${PATH}` };
}

/** Every package npm installed, by its path below the folder. */
export function installedPackages(folder: string): ReadonlyMap<string, InstalledPackage> {
	const lock = JSON.parse(readFileSync(join(folder, "node_modules", ".package-lock.json"), "utf8"));
	return new Map(Object.entries(lock.packages as Record<string, InstalledPackage>));
}

/** The packages that would run something at install, by npm's word, their own manifest, or a native build. */
export function packagesWithInstallScripts(folder: string): string[] {
	return [...installedPackages(folder)]
		.filter(([path, { hasInstallScript }]) => {
			const manifest = JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8"));
			const scripts: Readonly<Record<string, string>> = manifest.scripts ?? {};
			const isNative = readdirSync(join(folder, path)).includes("binding.gyp");
			return hasInstallScript === true || isNative || LIFECYCLE.some((name) => name in scripts);
		})
		.map(([path]) => path);
}

/** What lies below node_modules; megabytes are 10⁶ bytes of content. */
export function weightOf(folder: string): Weight {
	const modules = join(folder, "node_modules");
	const bytes = readdirSync(modules, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => statSync(join(entry.parentPath, entry.name)).size);
	return {
		packages: installedPackages(folder).size,
		megabytes: bytes.reduce((sum, size) => sum + size, 0) / 1e6,
	};
}

/** A folder for tarballs, and how to remove it. */
export function tarballFolder(): { readonly path: string; remove(): void } {
	const path = mkdtempSync(join(tmpdir(), "clef-tarballs-"));
	return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
