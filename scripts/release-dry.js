// Rehearses a release: from a clean clone builds all that would be published, by the steps of release.yml themselves,
// and tries each file as whoever downloads it would. Nothing leaves the machine, and nothing here is changed but
// dist/release, where the files stay.
// Usage: npm run release:dry   (about six minutes on two cores; what is not committed is left out)

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifestOf } from "./packages/manifests.js";
import { attempt, Refusal } from "./refusal.js";
import { chosenSteps, LEFT_OUT, workflowSteps } from "./release/steps.js";
import { releaseFiles, releaseProblems, tableLines } from "./release/table.js";
import { root, run } from "./run.js";

/** @typedef {import("./release/table.js").TestResult} TestResult */

const output = join(root, "dist", "release");
const AUTHOR = [
	"-c",
	"user.name=Release",
	"-c",
	"user.email=release@example.org",
	"-c",
	"commit.gpgsign=false",
];

// Ctrl-C ends the program that runs at the moment; that is a failure like others, after which nothing is left behind.
process.on("SIGINT", () => undefined);
const startedMs = performance.now();
const folder = mkdtempSync(join(tmpdir(), "clef-agent-release-"));
try {
	attempt("rehearse the release", () => {
		const skipped = build(join(folder, "clone"));
		const results = tried(join(folder, "clone"));
		process.exitCode = report(results, skipped);
	});
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/**
 * Builds everything in a clone and puts it into dist/release; returns what was left out.
 * @param {string} clone
 * @returns {string[]}
 */
function build(clone) {
	const { taken, problems } = chosenSteps(
		workflowSteps(readFileSync(join(root, ".github", "workflows", "release.yml"), "utf8")),
	);
	if (problems.length > 0) throw new Refusal(problems.join("\n"));
	if (run("git", ["status", "--porcelain"]).output !== "") console.log("What is not committed is left out.");
	succeed("git", ["clone", "--quiet", root, clone], folder);
	const version = nextVersion(clone);
	const surroundings = {
		GITHUB_REF_NAME: `v${version}`,
		GITHUB_SHA: run("git", ["rev-parse", "HEAD"], { cwd: clone }).output,
		RUNNER_TEMP: join(folder, "runner"),
	};
	mkdirSync(surroundings.RUNNER_TEMP);
	Object.assign(process.env, surroundings);
	const skipped = taken.flatMap(({ job, name, run: commands, needs }) => {
		const missing = needs.filter((program) => !run("sh", ["-c", `command -v ${program}`]).ok);
		if (missing.length > 0) return [`${job}: ${name} (not installed: ${missing.join(", ")})`];
		step(`${job}: ${name}`, () => succeed("bash", ["-e", "-c", commands], clone, true));
		return [];
	});
	collect(clone);
	return [
		...skipped,
		...Object.entries(LEFT_OUT).map(([name, why]) => `${name.replace("/", ": ")} (${why})`),
	];
}

/** Does to the clone what precedes a tag: writes versions and changelogs, and commits them. @param {string} clone */
function nextVersion(clone) {
	// Each of these is held against its hash again, so that they need not come from the registry anew.
	const cache = join("node_modules", ".cache", "clef-node");
	if (existsSync(join(root, cache))) cpSync(join(root, cache), join(clone, cache), { recursive: true });
	step("versions and changelogs from the pending changesets", () => {
		succeed(process.execPath, ["scripts/setup.js"], clone);
		succeed("npm", ["run", "--silent", "changeset:version"], clone);
		succeed("git", [...AUTHOR, "commit", "--quiet", "--all", "--allow-empty", "-m", "Version"], clone);
	});
	return manifestOf("apps/agent", clone).version;
}

/** Puts beside each other what is downloaded, and what is pushed. @param {string} clone */
function collect(clone) {
	rmSync(output, { recursive: true, force: true });
	cpSync(join(clone, "release"), output, { recursive: true });
	cpSync(join(clone, "dist", "release-notes.md"), join(output, "release-notes.md"));
	const images = join(clone, "dist", "image");
	if (existsSync(images)) cpSync(images, join(output, "images"), { recursive: true });
}

/** Tries the files with the clone's own tests. @param {string} clone @returns {TestResult[]} */
function tried(clone) {
	const file = join(folder, "results.json");
	// Where something is missing that a test needs, the test says so instead of failing as it would in CI.
	delete process.env.CI;
	process.env.CLEF_RELEASE = output;
	const args = ["exec", "vitest", "run", "--config", "vitest.release.config.ts", "--reporter=default"];
	step("trying each file", () =>
		run(process.execPath, ["scripts/pnpm.js", ...args, "--reporter=json", `--outputFile=${file}`], {
			cwd: clone,
			show: true,
		}),
	);
	if (!existsSync(file)) throw new Refusal("The tests of the release did not run.");
	/** @type {{ testResults: { assertionResults: TestResult[], message?: string, status: string }[] }} */
	const { testResults } = JSON.parse(readFileSync(file, "utf8"));
	return testResults.flatMap(({ assertionResults, status, message = "" }) =>
		status === "failed" && assertionResults.length === 0 ? [{ title: message, status }] : assertionResults,
	);
}

/**
 * @param {readonly TestResult[]} results
 * @param {readonly string[]} skipped
 * @returns {number} exit status
 */
function report(results, skipped) {
	const files = releaseFiles(output, results);
	const problems = releaseProblems(files, results);
	console.log(`\n${output}, size and SHA-256\n`);
	for (const line of tableLines(files)) console.log(line);
	console.log("\nLeft out");
	for (const line of skipped) console.log(`    ${line}`);
	const minutes = (performance.now() - startedMs) / 60_000;
	console.log(`\n${files.length} files in ${minutes.toFixed(1)} minutes; ${problems.length} problems`);
	for (const problem of problems) console.error(problem);
	return problems.length === 0 ? 0 : 1;
}

/** @param {string} name @param {() => void} action */
function step(name, action) {
	console.log(`\n— ${name}`);
	const startedMs = performance.now();
	action();
	console.log(`  ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd @param {boolean} [show] */
function succeed(command, args, cwd, show = false) {
	const { ok, output: said } = run(command, args, { cwd, show });
	if (!ok) throw new Refusal(`This failed, so there is no release: ${command} ${args.join(" ")}\n${said}`);
}
