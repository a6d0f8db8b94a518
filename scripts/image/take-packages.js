// Pins the newest Debian packages for the container image in deploy/docker/packages.json.
// Usage: node scripts/image/take-packages.js   needs apt-get and Debian's archive keys, and no rights

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../run.js";
import { PINNED_PACKAGES } from "./debian-packages.js";

const RELEASE = "bookworm";
const ARCHITECTURES = ["amd64", "arm64"];
/** Those whose files scripts/image/root.js takes; gcc-12-base has the copyright of the two GCC libraries. */
const NAMES = ["base-files", "gcc-12-base", "libc6", "libgcc-s1", "libstdc++6"];
/** The same for all architectures. */
const SHARED = ["ca-certificates"];
/** Of the package `debian-archive-keyring`, which Ubuntu has too: apt checks with them who signed the lists. */
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";

const folder = mkdtempSync(join(tmpdir(), "clef-agent-apt-"));
try {
	const packages = newestPackages();
	if (packages.length === 0) {
		console.error(`Could not ask Debian for its packages; are apt-get, ${KEYS} and the network there?`);
		process.exitCode = 1;
	} else {
		const taken = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
		writeFileSync(PINNED_PACKAGES, `${JSON.stringify({ taken, packages }, undefined, 2)}\n`);
		for (const { name, version, architecture } of packages) console.log(`${name} ${version} ${architecture}`);
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/** @returns {import("./debian-packages.js").DebianPackage[]} */
function newestPackages() {
	if (!existsSync(KEYS)) return [];
	for (const path of ["state/lists/partial", "cache/archives/partial"])
		mkdirSync(join(folder, path), { recursive: true });
	writeFileSync(join(folder, "status"), "");
	writeFileSync(
		join(folder, "sources.list"),
		[
			`deb [signed-by=${KEYS}] http://deb.debian.org/debian ${RELEASE} main`,
			`deb [signed-by=${KEYS}] http://deb.debian.org/debian-security ${RELEASE}-security main\n`,
		].join("\n"),
	);
	const own = ARCHITECTURES.flatMap((architecture) => NAMES.map((name) => `${name}:${architecture}`));
	const lists = aptGet("update");
	const { ok, output } = aptGet("download", "--print-uris", ...own, ...SHARED);
	if (!lists.ok || !ok) return [];
	return output
		.split("\n")
		.flatMap((line) => pinOf(line) ?? [])
		.sort(byName);
}

/** @typedef {import("./debian-packages.js").DebianPackage} DebianPackage */

/** @param {DebianPackage} one @param {DebianPackage} other */
function byName(one, other) {
	return `${one.name} ${one.architecture}` < `${other.name} ${other.architecture}` ? -1 : 1;
}

/** Runs apt-get with lists of its own, so that it neither needs nor changes the machine's. @param {string[]} args */
function aptGet(...args) {
	const options = [
		`Dir::State=${folder}/state`,
		`Dir::State::status=${folder}/status`,
		`Dir::Cache=${folder}/cache`,
		`Dir::Etc::sourcelist=${folder}/sources.list`,
		"Dir::Etc::sourceparts=/dev/null",
		"Acquire::Languages=none",
		"APT::Architecture=amd64",
		...ARCHITECTURES.map((architecture) => `APT::Architectures::=${architecture}`),
	];
	return run("apt-get", [...options.flatMap((option) => ["-o", option]), ...args]);
}

/**
 * Reads one line such as `'http://…/libc6_2.36-9%2bdeb12u14_amd64.deb' libc6_2.36-9+deb12u14_amd64.deb 2759320 SHA256:…`.
 * @param {string} line
 */
function pinOf(line) {
	const found = /^'(http:[^']+)' ([^_ ]+)_([^_ ]+)_([^_ ]+)\.deb \d+ SHA256:([0-9a-f]{64})$/.exec(line);
	if (found === null) return undefined;
	const [, url = "", name = "", version = "", architecture = "", sha256 = ""] = found;
	return { name, version: version.replaceAll("%3a", ":"), architecture, url, sha256 };
}
