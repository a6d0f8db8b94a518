// Builds the container images: the standalone command on the few files of Debian that it needs, for each platform.
// Usage: node scripts/build-image.js [--output DIR] [--only linux-x64|linux-arm64] [--revision COMMIT]
//   (default: both, to dist/image; needs buildah)

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ImageError, makeRoot, PLATFORMS } from "./image/root.js";
import { root, run } from "./run.js";

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
		const packages = makeRoot(platform, context);
		const { digest, compressed } = buildah({ platform, folder, context, revision, archive: files.archive });
		writeFileSync(files.digest, `${digest}\n`);
		const lines = packages.map(({ name, version, architecture }) => `${name} ${version} ${architecture}\n`);
		writeFileSync(files.packages, lines.join(""));
		const sizes = `${size(statSync(files.archive).size)} ${size(compressed)} compressed`;
		console.log(`clef-agent-${platform.name}.tar`.padEnd(27), sizes, digest);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** @param {number} bytes */
function size(bytes) {
	return `${(bytes / MB).toFixed(1)} MB`;
}

/**
 * Makes the image's archive; returns the digest that the image has in a registry.
 * @param {{ platform: Platform, folder: string, context: string, revision: string, archive: string }} inputs
 */
function buildah({ platform, folder, context, revision, archive }) {
	const { version } = JSON.parse(readFileSync(join(root, "apps", "agent", "package.json"), "utf8"));
	// A storage of its own: nothing from before can get into the image, and nothing of it stays.
	const storage = [
		"--root",
		join(folder, "storage"),
		"--runroot",
		join(folder, "run"),
		"--storage-driver",
		"vfs",
	];
	const image = `clef-agent:${version}`;
	/** @param {string[]} args */
	const step = (...args) => {
		const { ok, output } = run("buildah", [...storage, ...args]);
		if (!ok) throw new ImageError(`buildah failed; is it installed, and may it run here? It says: ${output}`);
	};
	step(
		"bud",
		...["--isolation", "chroot", "--timestamp", "0", "--platform", platform.oci],
		// OCI's own format has no HEALTHCHECK.
		...["--format", "docker"],
		...["--build-arg", `VERSION=${version}`, "--build-arg", `REVISION=${revision}`],
		...["--file", join(root, "deploy", "docker", "Dockerfile"), "--tag", image, context],
	);
	step("push", image, `docker-archive:${archive}:${image}`);
	// Registries hold layers compressed, and the digest is of a manifest that names them so.
	const pushed = join(folder, "pushed");
	step("push", "--disable-compression=false", image, `dir:${pushed}`);
	const manifest = readFileSync(join(pushed, "manifest.json"));
	/** @type {{ layers: readonly { size: number }[] }} */
	const { layers } = JSON.parse(manifest.toString("utf8"));
	return {
		digest: `sha256:${createHash("sha256").update(manifest).digest("hex")}`,
		compressed: layers.reduce((sum, layer) => sum + layer.size, 0),
	};
}
