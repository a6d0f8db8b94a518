import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { publishedPackages } from "../scripts/packages/published.js";
import { runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

// Changesets and git read every manifest, on a machine that runs other tests too.
vi.setConfig({ testTimeout: 120_000 });

const root = fileURLToPath(new URL("..", import.meta.url));

/** What changesets would do to one package. */
interface PlannedRelease {
	readonly name: string;
	/** `none` for what only depends on something that moves. */
	readonly type: string;
	readonly newVersion: string;
}

async function git(cwd: string, ...args: string[]): Promise<string> {
	const author = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
	const { status, stdout, stderr } = await runProgram("git", [...author, ...args], { cwd });
	expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
	return stdout;
}

/** A repository with all manifests of this one and its changesets, on a branch of its own. */
async function repository(): Promise<string> {
	const folder = temporaryFolder();
	const tracked = await git(root, "ls-files", "package.json", "*/package.json", "pnpm-*.yaml", ".changeset");
	for (const path of tracked.split("\n").filter((line) => line !== "")) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path));
	}
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	writeFileSync(join(folder, ".gitignore"), "node_modules\n");
	await git(folder, "init", "-q", "-b", "main");
	await git(folder, "add", ".");
	await git(folder, "commit", "-qm", "all");
	await git(folder, "switch", "-qc", "change");
	return folder;
}

function changeset(cwd: string, ...args: string[]) {
	return runProgram(join(root, "node_modules", ".bin", "changeset"), args, { cwd });
}

function manifest(folder: string, name: string) {
	return JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8"));
}

const CHANGESET = '---\n"@clef-sh/core": patch\n---\n\nSomething works now.\n';

it("one changeset moves all published packages to the same version, and no other", async () => {
	const folder = await repository();
	writeFileSync(join(folder, ".changeset", "planted.md"), CHANGESET);
	expect(await changeset(folder, "status", "--output", "plan.json")).toMatchObject({ status: 0 });
	const plan: { releases: readonly PlannedRelease[] } = JSON.parse(
		readFileSync(join(folder, "plan.json"), "utf8"),
	);
	const releases = plan.releases.filter(({ type }) => type !== "none");
	const names = publishedPackages().map(({ name }) => name);
	expect(releases.map(({ name }) => name).sort()).toEqual(names.sort());
	expect(new Set(releases.map(({ newVersion }) => newVersion)).size).toBe(1);

	expect(await changeset(folder, "version")).toMatchObject({ status: 0 });
	const version = releases[0]?.newVersion;
	expect(manifest(folder, "apps/agent").version).toBe(version);
	expect(manifest(folder, "packages/artifact").version).toBe(version);
	for (const name of ["packages/testkit", "e2e", "benchmarks", "stress"])
		expect(manifest(folder, name).version).toBe("0.0.0");
	expect(readFileSync(join(folder, "packages/core/CHANGELOG.md"), "utf8")).toContain("Something works now.");
});

it("a change of a published package without a changeset is refused, as in a pull request", async () => {
	const folder = await repository();
	writeFileSync(join(folder, "packages", "core", "new.js"), "");
	await git(folder, "add", ".");
	await git(folder, "commit", "-qm", "change");
	const refused = await changeset(folder, "status", "--since", "main");
	expect(refused.status).toBe(1);
	expect(refused.stdout + refused.stderr).toContain("no changesets were found");
	writeFileSync(join(folder, ".changeset", "planted.md"), CHANGESET);
	await git(folder, "add", ".");
	await git(folder, "commit", "-qm", "say so");
	expect(await changeset(folder, "status", "--since", "main")).toMatchObject({ status: 0 });
});
