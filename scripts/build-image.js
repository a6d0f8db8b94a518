// Builds the container images: the standalone command on the few files of Debian that it needs, for each platform.
// Usage: node scripts/build-image.js [--binaries DIR] [--output DIR] [--only linux-x64|linux-arm64] [--revision COMMIT]
//   (default: both, from dist/binary to dist/image; needs buildah)

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { filesBelow } from "./files.js";
import { archiveLayout, makeLayout } from "./image/layout.js";
import { makeRoot, PLATFORMS } from "./image/root.js";
import { agentVersion } from "./packages/manifests.js";
import { attempt, chosen } from "./refusal.js";
import { root } from "./run.js";

/** @typedef {import("./image/root.js").Platform} Platform */

const MB = 1024 * 1024;

attempt("build the images", () => {
	const { platforms, ...settings } = options();
	mkdirSync(settings.output, { recursive: true });
	for (const platform of platforms) build(platform, settings);
});

function options() {
	const names = PLATFORMS.map(({ name }) => name);
	const usage = `[--binaries DIR] [--output DIR] [--only ${names.join("|")}] [--revision COMMIT]`;
	return chosen(usage, () => {
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
	});
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
		const packages = makeRoot(platform, binaries, context);
		const { layout, digest, compressedBytes } = makeLayout({
			folder,
			context,
			platform: platform.oci,
			version: agentVersion(),
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
	return filesBelow(folder).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
}
