import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { type Ended, runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

/** The repository. */
export const repository: string = fileURLToPath(new URL("../", import.meta.url));

/** The program that builds the documentation site. */
export const builder: string = join(repository, "docs-site", "build.js");

/** Builds the documentation site as `npm run docs:site` does. */
export function buildDocsSite(output: string, root: string = repository): Promise<Ended> {
	return runProgram(process.execPath, [builder, "--root", root, "--output", output], { cwd: tmpdir() });
}

/** Builds the site once for all tests of a file, and removes it after them. */
export function builtSite(): { readonly folder: string; readonly said: () => Ended } {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "clef-agent-e2e-site-")));
	let said: Ended = { status: null, stdout: "", stderr: "" };
	beforeAll(async () => {
		said = await buildDocsSite(folder);
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));
	return { folder, said: () => said };
}

/** The repository with documentation of its own, which may be changed. */
export function copiedRepository(): string {
	const root = join(temporaryFolder(), "repository");
	mkdirSync(root);
	for (const name of readdirSync(repository)) {
		if (name === "docs") cpSync(join(repository, name), join(root, name), { recursive: true });
		else symlinkSync(join(repository, name), join(root, name));
	}
	return root;
}

/** Every file of a folder with what is in it, by its path there. */
export function contents(folder: string): Record<string, string> {
	const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
		entry.isFile(),
	);
	return Object.fromEntries(
		files.map(({ parentPath, name }) => {
			const path = join(parentPath, name);
			return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
		}),
	);
}
