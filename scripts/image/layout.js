// Makes the OCI layout of an image from its root file system, by way of the Dockerfile.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../files.js";
import { Refusal } from "../refusal.js";
import { root, run } from "../run.js";
import { storageIn } from "./podman.js";

/** What a layout says about one of its blobs. */
/** @typedef {{ mediaType: string, digest: string, size: number }} Descriptor */

/**
 * Builds the image in a folder of its own; returns where its layout is, and under which digest a registry has it.
 * @param {{ folder: string, context: string, platform: string, version: string, labels: readonly string[] }} inputs
 */
export function makeLayout({ folder, context, platform, version, labels }) {
	// Nothing from before can get into the image, and nothing of it stays.
	const buildah = (/** @type {string[]} */ ...args) => step("buildah", ...storageIn(folder), ...args);
	const layout = join(folder, "layout");
	buildah(
		"bud",
		...["--isolation", "chroot", "--timestamp", "0", "--platform", platform, "--format", "docker"],
		// Else buildah would name its own version, and the digest would depend on it.
		"--identity-label=false",
		...["--build-arg", `VERSION=${version}`, ...labels.flatMap((label) => ["--label", label])],
		...["--file", join(root, "deploy", "docker", "Dockerfile"), "--tag", "clef-agent", context],
	);
	// Docker's own format would hold the name of the machine that built it.
	buildah("push", "--format", "oci", "clef-agent", `oci:${layout}:clef-agent:${version}`);
	const inspected = JSON.parse(buildah("inspect", "--type", "image", "clef-agent"));
	return { layout, ...withHealthcheck(layout, inspected.Docker.config.Healthcheck) };
}

/**
 * OCI's format has no health check, so buildah leaves it out. Docker reads it there all the same.
 * @param {string} layout
 * @param {unknown} healthcheck
 */
function withHealthcheck(layout, healthcheck) {
	const index = json(join(layout, "index.json"));
	/** @type {{ config: Descriptor, layers: readonly Descriptor[] }} */
	const manifest = json(blob(layout, index.manifests[0].digest));
	const image = json(blob(layout, manifest.config.digest));
	for (const { digest } of [index.manifests[0], manifest.config]) rmSync(blob(layout, digest));
	image.config.Healthcheck = healthcheck;
	Object.assign(manifest.config, addBlob(layout, image));
	const added = addBlob(layout, manifest);
	Object.assign(index.manifests[0], added);
	writeFileSync(join(layout, "index.json"), JSON.stringify(index));
	return { digest: added.digest, compressedBytes: manifest.layers.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * Writes a layout as one file: sorted, with fixed times, modes and owners, so that the same layout is the same bytes.
 * @param {string} layout
 * @param {string} archive
 */
export function archiveLayout(layout, archive) {
	const fixed =
		"--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar";
	step("tar", ...fixed.split(" "), "-cf", archive, "-C", layout, "blobs", "index.json", "oci-layout");
}

/** @param {string} program @param {string[]} args */
function step(program, ...args) {
	const { ok, output } = run(program, args);
	if (ok) return output;
	// What it did before it failed is of no use to the reader.
	const last = output.split("\n").at(-1);
	throw new Refusal(`${program} failed; is it installed, and may it run here? It says: ${last}`);
}

/** @param {string} layout @param {string} digest */
function blob(layout, digest) {
	return join(layout, "blobs", ...digest.split(":"));
}

/** @param {string} layout @param {unknown} value */
function addBlob(layout, value) {
	const bytes = Buffer.from(JSON.stringify(value));
	const digest = `sha256:${sha256(bytes)}`;
	writeFileSync(blob(layout, digest), bytes);
	return { digest, size: bytes.length };
}

/** @param {string} file */
function json(file) {
	return JSON.parse(readFileSync(file, "utf8"));
}
