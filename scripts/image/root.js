// Makes the root file system of the container image: the standalone command and what it cannot run without.

import {
	chmodSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Refusal } from "../refusal.js";
import { run } from "../run.js";
import { debianPackage, pinnedPackages } from "./debian-packages.js";

/** @typedef {import("./debian-packages.js").DebianPackage} DebianPackage */

/** A platform as the file names, Debian, its libraries' folders and OCI call it. */
/** @typedef {{ name: string, debian: string, triplet: string, loader: string, oci: string }} Platform */

/** The platforms that images are built for. @type {readonly Platform[]} */
export const PLATFORMS = [
	{
		name: "linux-x64",
		debian: "amd64",
		triplet: "x86_64-linux-gnu",
		loader: "lib64/ld-linux-x86-64.so.2",
		oci: "linux/amd64",
	},
	{
		name: "linux-arm64",
		debian: "arm64",
		triplet: "aarch64-linux-gnu",
		loader: "lib/ld-linux-aarch64.so.1",
		oci: "linux/arm64",
	},
];

const CERTIFICATES = "usr/share/ca-certificates/mozilla";

/** The one user, by the number that distroless images use too. */
const ACCOUNTS = {
	"etc/passwd": "root:x:0:0:root:/:/nonexistent\nnonroot:x:65532:65532:nonroot:/:/nonexistent\n",
	"etc/group": "root:x:0:\nnonroot:x:65532:\n",
	// Without it glibc asks for no name in /etc/hosts before DNS.
	"etc/nsswitch.conf": "hosts: files dns\n",
};

/**
 * Makes the root file system in an empty folder; returns the Debian packages that parts of it come from.
 * @param {Platform} platform
 * @param {string} binaries where the standalone commands are
 * @param {string} folder
 */
export function makeRoot(platform, binaries, folder) {
	const packages = pinnedPackages(platform.debian);
	const unpacked = mkdtempSync(join(tmpdir(), "clef-agent-debian-"));
	try {
		for (const one of packages) unpack(one, unpacked, folder);
		for (const path of taken(platform, packages)) copy(join(unpacked, path), join(folder, path));
		write(join(folder, "etc/ssl/certs/ca-certificates.crt"), certificates(unpacked));
	} finally {
		rmSync(unpacked, { recursive: true, force: true });
	}
	for (const [path, text] of Object.entries(ACCOUNTS)) write(join(folder, path), text);
	addAgent(platform, binaries, folder);
	setModes(folder);
	return packages;
}

/**
 * Unpacks a package, and notes where scanners for vulnerabilities look which ones an image without dpkg is made of.
 * @param {DebianPackage} wanted
 * @param {string} unpacked
 * @param {string} folder
 */
function unpack(wanted, unpacked, folder) {
	const found = debianPackage(wanted);
	if ("problem" in found) throw new Refusal(found.problem);
	dpkgDeb("--extract", found.file, unpacked);
	const control = dpkgDeb("--field", found.file);
	write(join(folder, "var/lib/dpkg/status.d", wanted.name), `${control.trimEnd()}\n`);
}

/** @param {string[]} args */
function dpkgDeb(...args) {
	const { ok, stdout, output } = run("dpkg-deb", args);
	if (ok) return stdout;
	throw new Refusal(`Could not unpack a Debian package: ${output}.`);
}

/**
 * The files that are taken from the unpacked packages.
 * @param {Platform} platform
 * @param {readonly DebianPackage[]} packages
 */
function taken({ triplet, loader }, packages) {
	const interpreter = loader.replace(/^.*\//, "");
	const libraries = [interpreter, "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0"];
	return [
		loader,
		...libraries.map((name) => `lib/${triplet}/${name}`),
		`usr/lib/${triplet}/libstdc++.so.6`,
		`usr/lib/${triplet}/libstdc++.so.6.0.30`,
		"etc/os-release",
		"usr/lib/os-release",
		...packages.flatMap(({ name }) => copyright(name)),
	];
}

/** Debian lets libraries of one source share a folder. @param {string} name */
function copyright(name) {
	return /^lib(?:gcc|stdc)/.test(name) ? [`usr/share/doc/${name}`] : [`usr/share/doc/${name}/copyright`];
}

/** All certificate authorities in one file, as Debian's own installation makes it. @param {string} unpacked */
function certificates(unpacked) {
	const folder = join(unpacked, CERTIFICATES);
	const names = readdirSync(folder)
		.filter((name) => name.endsWith(".crt"))
		.sort();
	return names.map((name) => `${readFileSync(join(folder, name), "utf8").trimEnd()}\n`).join("");
}

/** @param {Platform} platform @param {string} binaries @param {string} folder */
function addAgent({ name }, binaries, folder) {
	const binary = join(binaries, `clef-agent-${name}`);
	if (!existsSync(binary))
		throw new Refusal(`${binary} is missing; run \`npm run build:image\`, which builds it first.`);
	copy(binary, join(folder, "clef-agent"));
	copy(`${binary}.LICENSES.txt`, join(folder, "usr/share/doc/clef-agent/copyright"));
}

/** @param {string} from @param {string} to */
function copy(from, to) {
	mkdirSync(dirname(to), { recursive: true });
	cpSync(from, to, { verbatimSymlinks: true });
}

/** @param {string} path @param {string} text */
function write(path, text) {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
}

/** Modes are part of the image's digest, and the builder's umask must not be. @param {string} folder */
function setModes(folder) {
	chmodSync(folder, 0o755);
	for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name);
		if (entry.isDirectory()) chmodSync(path, 0o755);
		// The loader can be called by its name too; the other libraries are read only.
		if (entry.isFile()) chmodSync(path, /^(?:clef-agent|ld-linux.*)$/.test(entry.name) ? 0o555 : 0o444);
	}
}
