// Builds the container images: the standalone command on the few files of Debian that it needs, for each platform.
// Usage: node scripts/build-image.js [--output DIR] [--only linux-x64|linux-arm64] [--revision COMMIT]
//   (default: both, to dist/image; needs buildah)

import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { archiveLayout, makeLayout } from "./image/layout.js";
import { ImageError, makeRoot, PLATFORMS } from "./image/root.js";
import { root } from "./run.js";

/** @typedef {import("./image/root.js").Platform} Platform */

const MB = 1024 * 1024;

try {
	const { output, platforms, revision } = options();
	mkdirSync(output, { recursive: true });
	for (const platform of platforms) build(platform, output, revision);
} catch (error) {
	console.error(sentence(error));
	process.exitCode = 1;
}

/** @param {unknown} error */
function sentence(error) {
	if (error instanceof ImageError) return error.message;
	// Of the system's refusals, a full disk for instance, the reader needs no stack either.
	if (error instanceof Error && "syscall" in error) return `Could not build the images: ${error.message}.`;
	throw error;
}

function options() {
	const names = PLATFORMS.map(({ name }) => name);
	try {
		const {
			output,
			only,
			revision = "",
		} = parseArgs({
			options: { output: { type: "string" }, only: { type: "string" }, revision: { type: "string" } },
		}).values;
		if (only !== undefined && !names.includes(only)) throw new TypeError(`There is no image "${only}"`);
		const platforms = PLATFORMS.filter(({ name }) => only === undefined || name === only);
		return { output: resolve(output ?? join(root, "dist", "image")), platforms, revision };
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		const [problem] = error.message.split(". ");
		throw new ImageError(`${problem}; use [--output DIR] [--only ${names.join("|")}] [--revision COMMIT].`);
	}
}

/**
 * Builds one image and says what came out.
 * @param {Platform} platform
 * @param {string} output
 * @param {string} revision
 */
function build(platform, output, revision) {
	const base = join(output, `clef-agent-${platform.name}`);
	const files = { archive: `${base}.tar`, digest: `${base}.digest`, packages: `${base}.debian-packages` };
	// Gone first: after a failure nothing earlier is left that could be taken for this build.
	for (const stale of Object.values(files)) rmSync(stale, { force: true });
	const folder = mkdtempSync(join(tmpdir(), "clef-agent-image-"));
	try {
		const context = join(folder, "root");
		mkdirSync(context);
		const { version } = JSON.parse(readFileSync(join(root, "apps", "agent", "package.json"), "utf8"));
		const packages = makeRoot(platform, context);
		const { layout, digest, compressedBytes } = makeLayout({
			folder,
			context,
			platform: platform.oci,
			version,
			labels: revision === "" ? [] : [`org.opencontainers.image.revision=${revision}`],
		});
		archiveLayout(layout, files.archive);
		writeFileSync(files.digest, `${digest}\n`);
		const lines = packages.map(({ name, version, architecture }) => `${name} ${version} ${architecture}\n`);
		writeFileSync(files.packages, lines.join(""));
		const [whole, compressed] = [treeBytes(context), compressedBytes].map(megabytes);
		console.log(`clef-agent-${platform.name}.tar`.padEnd(27), `${whole} ${compressed} compressed`, digest);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** @param {number} bytes */
function megabytes(bytes) {
	return `${(bytes / MB).toFixed(1)} MB`;
}

/** @param {string} folder */
function treeBytes(folder) {
	const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) =>
		lstatSync(join(folder, path)),
	);
	return entries.reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
}
