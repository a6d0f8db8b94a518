import { spawnSync } from "node:child_process";
import { it, type TestAPI } from "vitest";

/** Something, mostly a program, that tests use and that a machine may not have. */
export interface Part {
	readonly name: string;
	readonly present: boolean;
	/** Where it is not a program that could be installed: why there is none. */
	readonly missing?: string;
}

/** Looks for a program by calling it. */
export function part(name: string, versionArgument = "--version"): Part {
	return { name, present: spawnSync(name, [versionArgument]).status === 0 };
}

/** Where a program is that a library must be told of by its path. */
export function programPath(name: string): string {
	return spawnSync("sh", ["-c", 'command -v -- "$1"', "sh", name], { encoding: "utf8" }).stdout.trim();
}

/**
 * `it` for tests that need a part. Where it is missing they are skipped and say so in their name; in CI they run
 * and fail, because there every part is installed first.
 */
export function itWith({ name, present, missing }: Part): (title: string, test: () => Promise<void>) => void {
	const run: TestAPI | TestAPI["skip"] = present || process.env.CI === "true" ? it : it.skip;
	const note = present
		? ""
		: ` (needs ${name}${missing === undefined ? ", which is not installed" : `: ${missing}`})`;
	return (title, test) => run(title + note, test);
}
