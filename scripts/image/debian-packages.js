// The Debian packages of the container image: which ones, and where they come from.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../files.js";
import { root, run } from "../run.js";

/** One package, as deploy/docker/packages.json pins it. */
/** @typedef {{ name: string, version: string, architecture: string, url: string, sha256: string }} DebianPackage */

/** Where the packages and their hashes are pinned; `npm run image:packages` writes it. */
export const PINNED_PACKAGES = join(root, "deploy", "docker", "packages.json");

/** apt's downloader: it knows the machine's proxies, checks the hash and needs no rights. */
const APT_HELPER = "/usr/lib/apt/apt-helper";

const cache = join(root, "node_modules", ".cache", "clef-debian");

/**
 * The packages of one architecture, which Debian calls `amd64` or `arm64`.
 * @param {string} architecture
 * @returns {readonly DebianPackage[]}
 */
export function pinnedPackages(architecture) {
	return pinned().packages.filter((one) => one.architecture === architecture || one.architecture === "all");
}

/**
 * The file of a package, from the cache or else from Debian; or one sentence that says why there is none.
 * The hash is checked every time: what lies in a cache may have been changed since.
 * @param {DebianPackage} wanted
 * @returns {{ file: string } | { problem: string }}
 */
export function debianPackage(wanted) {
	const { name, version, architecture, url, sha256: expected } = wanted;
	const file = join(cache, `${expected}.deb`);
	if (existsSync(file) && sha256(readFileSync(file)) === expected) return { file };
	if (!existsSync(APT_HELPER))
		return {
			problem: `The image is made of Debian packages and ${APT_HELPER} gets them; build it on Debian or Ubuntu.`,
		};
	if (download(url, expected, file) || download(archived(url), expected, file)) return { file };
	return {
		problem:
			`Could not get ${name} ${version} for ${architecture} from Debian, or it is not the one whose hash is pinned; ` +
			"if Debian has a newer one, run `npm run image:packages`.",
	};
}

/** @returns {{ taken: string, packages: readonly DebianPackage[] }} */
function pinned() {
	return JSON.parse(readFileSync(PINNED_PACKAGES, "utf8"));
}

/**
 * Where a package stays after Debian has replaced it by a newer one.
 * @param {string} url
 */
function archived(url) {
	return url.replace(
		/^http:\/\/deb\.debian\.org\/([^/]+)\//,
		(_, archive) => `http://snapshot.debian.org/archive/${archive}/${pinned().taken}/`,
	);
}

/**
 * @param {string} url
 * @param {string} expected
 * @param {string} file
 */
function download(url, expected, file) {
	// Under its final name only when it is whole and right: builds that run side by side share the cache.
	const partial = `${file}.${process.pid}.partial`;
	mkdirSync(cache, { recursive: true });
	try {
		const { ok } = run(APT_HELPER, ["download-file", url, partial, `SHA256:${expected}`]);
		if (!ok || sha256(readFileSync(partial)) !== expected) return false;
		renameSync(partial, file);
		return true;
	} finally {
		for (const left of [partial, `${partial}.FAILED`]) rmSync(left, { force: true });
	}
}
