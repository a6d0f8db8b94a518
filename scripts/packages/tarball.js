// What is in a packed tarball, and what is wrong with it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { filesBelow } from "../files.js";
import { run } from "../run.js";

/** @typedef {ReadonlyMap<string, string>} TarballFiles paths without the leading `package/`, and contents */
/**
 * @typedef {{ type?: string, license?: string, engines?: { node?: string }, repository?: { url?: string },
 *   scripts?: Record<string, string>, dependencies?: Record<string, string>, bin?: Record<string, string> }} Manifest
 */

/** Files that help nobody who installs the package. */
const UNWANTED =
	/(?:^|\/)(?:src|test|tests|coverage|node_modules|\.turbo)\/|\.test\.|\.tsbuildinfo$|(?<!\.d)\.ts$|\.env$/;
const EXPECTED = ["package.json", "LICENSE", "README.md"];
/** Folders of whoever built it: a user's home, a runner's or a root's work folder. */
const HOME = /(?:file:\/\/|["'\s(])\/(?:home|Users|root|work|tmp|builds?|github)\/[\w.-]+\//;

/**
 * Unpacks a tarball and reads its files.
 * @param {string} file
 * @returns {TarballFiles}
 */
export function tarballFiles(file) {
	const folder = mkdtempSync(join(tmpdir(), "clef-tarball-"));
	try {
		const { ok, output } = run("tar", ["-xzf", file, "-C", folder]);
		if (!ok) throw new RangeError(`Could not unpack ${file}: ${output}`);
		const unpacked = join(folder, "package");
		return new Map(filesBelow(unpacked).map((path) => [path, readFileSync(join(unpacked, path), "utf8")]));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * Everything that is wrong with a tarball.
 * @param {TarballFiles} files
 * @param {{ license: string, node: string }} workspace its licence text and the Node.js it promises to run on
 * @returns {string[]}
 */
export function tarballProblems(files, { license, node }) {
	const paths = [...files.keys()];
	return [
		...paths.filter((path) => UNWANTED.test(path)).map((path) => `${path} does not belong into the tarball`),
		...EXPECTED.filter((path) => !files.get(path)).map((path) => `${path} is missing from the tarball`),
		...(files.get("LICENSE") === license ? [] : ["LICENSE is not the workspace's"]),
		...[...files]
			.filter(([, text]) => HOME.test(text))
			.map(([path]) => `${path} names a folder of the machine`),
		...[...files].flatMap(([path, text]) => sourceMapProblems(path, text)),
		...manifestProblems(JSON.parse(files.get("package.json") ?? "{}"), files, node),
	];
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {string[]}
 */
function sourceMapProblems(path, text) {
	if (!path.endsWith(".map")) return [];
	/** @type {{ sources?: string[], sourceRoot?: string }} */
	const { sources = [], sourceRoot = "" } = JSON.parse(text);
	return [sourceRoot, ...sources]
		.filter((source) => posix.isAbsolute(source) || source.startsWith("file:"))
		.map((source) => `${path} names ${source}, a place on the machine that built it`);
}

/**
 * @param {Manifest} manifest
 * @param {TarballFiles} files
 * @param {string} node
 * @returns {string[]}
 */
function manifestProblems(manifest, files, node) {
	const scripts = Object.keys(manifest.scripts ?? {}).filter((name) => /^(?:pre|post)?install$/.test(name));
	const ranges = Object.values(manifest.dependencies ?? {});
	const commands = Object.values(manifest.bin ?? {});
	return [
		...(manifest.type === "module" ? [] : ["package.json does not say that it is of ES modules"]),
		...(manifest.license === "MIT" ? [] : [`package.json has the licence ${manifest.license}`]),
		...(manifest.engines?.node === node
			? []
			: [`package.json must ask for Node ${node}, as the workspace does`]),
		...(manifest.repository?.url
			? []
			: ["package.json names no repository, which provenance is checked against"]),
		...scripts.map((name) => `package.json has a script "${name}", which would run at install`),
		...ranges
			.filter((range) => /^(?:workspace|catalog|file|link|git)/.test(range))
			.map((range) => `"${range}" cannot be installed`),
		...commands
			.filter((path) => !files.has(posix.normalize(path)))
			.map((path) => `${path} is a command that is not there`),
	];
}
