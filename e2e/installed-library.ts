import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "./command.js";
import { inheritedNpm } from "./other-node.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const PACKAGES = ["artifact", "sources", "decryptors", "cache", "core"];

/** A fresh folder in which `@clef-sh/core` is installed from tarballs, as a user would get it. */
export interface InstalledLibrary {
	readonly folder: string;
	remove(): void;
}

/** Packs the library's packages and installs them; resolves with why not when the registry cannot be reached. */
export async function installLibrary(): Promise<InstalledLibrary | { readonly missing: string }> {
	const folder = mkdtempSync(join(tmpdir(), "clef-library-"));
	const remove = () => rmSync(folder, { recursive: true, force: true });
	const tarballs = join(folder, "tarballs");
	mkdirSync(tarballs);
	const env = inheritedNpm();
	for (const name of PACKAGES) {
		const pack = ["--dir", join(root, "packages", name), "pack", "--pack-destination", tarballs];
		const packed = await runProgram(process.execPath, ["scripts/pnpm.js", ...pack], { cwd: root, env });
		if (packed.status !== 0)
			throw new RangeError(`pnpm pack ${name} failed: ${packed.stderr}${packed.stdout}`);
	}
	writeFileSync(join(folder, "package.json"), '{ "name": "fresh", "version": "1.0.0", "private": true }');
	const files = readdirSync(tarballs).map((name) => join(tarballs, name));
	const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", ...files];
	const installed = await runProgram("npm", install, { cwd: folder, env });
	if (installed.status === 0) return { folder, remove };
	remove();
	if (/\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET)\b/.test(installed.stderr)) {
		return { missing: "the package registry is not reachable" };
	}
	throw new RangeError(`npm install failed: ${installed.stderr}`);
}
