// Builds the container images: the standalone command on the few files of Debian that it needs, for each platform.
// Usage: node scripts/build-image.js [--binaries DIR] [--output DIR] [--only linux-x64|linux-arm64] [--revision COMMIT]
//   (default: both, from dist/binary to dist/image; needs buildah)

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
	const { platforms, ...settings } = options();
	mkdirSync(settings.output, { recursive: true });
	for (const platform of platforms) build(platform, settings);
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
		const { binaries, output, only, revision } = parseArgs({
			options: {
				binaries: { type: "string" },
				output: { type: "string" },
				only: { type: "string" },
				revision: { type: "string" },
			},
		}).values;
		if (only !== undefined && !names.includes(only)) throw new TypeError(`There is no image "${only}"`);
		const platforms = PLATFORMS.filter(({ name }) => only === undefined || name === only);
		return {
			binaries: resolve(binaries ?? join(root, "dist", "binary")),
			output: resolve(output ?? join(root, "dist", "image")),
			platforms,
			labels: revision === undefined ? [] : [`org.opencontainers.image.revision=${revision}`],
		};
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		const [problem] = error.message.split(". ");
		const usage = `[--binaries DIR] [--output DIR] [--only ${names.join("|")}] [--revision COMMIT]`;
		throw new ImageError(`${problem}; use ${usage}.`);
	}
}

/**
 * Builds one image and says what came out.
 * @param {Platform} platform
 * @param {{ binaries: string, output: string, labels: readonly string[] }} settings
 */
function build(platform, { binaries, output, labels }) {
	const base = join(output, `clef-agent-${platform.name}`);
	const files = { archive: `${base}.tar`, digest: `${base}.digest`, packages: `${base}.debian-packages` };
	// Gone first: after a failure nothing earlier is left that could be taken for this build.
	for (const stale of Object.values(files)) rmSync(stale, { force: true });
	const folder = mkdtempSync(join(tmpdir(), "clef-agent-image-"));
	try {
		const context = join(folder, "root");
		mkdirSync(context);
		const { version } = JSON.parse(readFileSync(join(root, "apps", "agent", "package.json"), "utf8"));
		const packages = makeRoot(platform, binaries, context);
		const { layout, digest, compressedBytes } = makeLayout({
			folder,
			context,
			platform: platform.oci,
			version,
			labels,
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
