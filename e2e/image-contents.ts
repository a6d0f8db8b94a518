import type { LayerEntry } from "./image-archive.js";

/** How the platforms differ. */
export interface ImagePlatform {
	readonly name: string;
	/** The name in an image's configuration and in Debian. */
	readonly architecture: string;
	readonly triplet: string;
	readonly loader: string;
	readonly loaderLink: string;
}

/** The platforms that there are images for. */
export const PLATFORMS: Readonly<Record<"x64" | "arm64", ImagePlatform>> = {
	x64: {
		name: "linux-x64",
		architecture: "amd64",
		triplet: "x86_64-linux-gnu",
		loader: "lib64/ld-linux-x86-64.so.2",
		loaderLink: "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
	},
	arm64: {
		name: "linux-arm64",
		architecture: "arm64",
		triplet: "aarch64-linux-gnu",
		loader: "lib/ld-linux-aarch64.so.1",
		loaderLink: "aarch64-linux-gnu/ld-linux-aarch64.so.1",
	},
};

/** The Debian packages that an image has files of. */
export const DEBIAN_PACKAGES = [
	"base-files",
	"ca-certificates",
	"gcc-12-base",
	"libc6",
	"libgcc-s1",
	"libstdc++6",
];

const FILE = { mode: "-r--r--r--", owner: "0/0" };
const PROGRAM = { mode: "-r-xr-xr-x", owner: "0/0" };
const FOLDER = { mode: "drwxr-xr-x", owner: "0/0" };

/** Everything that is in an image, and nothing else: no shell, no package manager, nothing that may be written. */
export function expectedEntries({ triplet, loader, loaderLink }: ImagePlatform): Map<string, LayerEntry> {
	const interpreter = `lib/${triplet}/${loader.replace(/.*\//, "")}`;
	const libraries = ["libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0"];
	const documented = ["base-files", "ca-certificates", "clef-agent", "gcc-12-base", "libc6"];
	const files = [
		...["etc/group", "etc/nsswitch.conf", "etc/passwd", "etc/ssl/certs/ca-certificates.crt"],
		...libraries.map((name) => `lib/${triplet}/${name}`),
		...["usr/lib/os-release", `usr/lib/${triplet}/libstdc++.so.6.0.30`],
		...documented.map((name) => `usr/share/doc/${name}/copyright`),
		...DEBIAN_PACKAGES.map((name) => `var/lib/dpkg/status.d/${name}`),
	];
	const entries = new Map<string, LayerEntry>([
		["clef-agent", PROGRAM],
		[interpreter, PROGRAM],
		[loader, link(loaderLink)],
		["etc/os-release", link("../usr/lib/os-release")],
		[`usr/lib/${triplet}/libstdc++.so.6`, link("libstdc++.so.6.0.30")],
		...["libgcc-s1", "libstdc++6"].map((name) => [`usr/share/doc/${name}`, link("gcc-12-base")] as const),
		...files.map((path) => [path, FILE] as const),
	]);
	for (const path of [...entries.keys()]) for (const folder of foldersOf(path)) entries.set(folder, FOLDER);
	return entries;
}

function link(to: string): LayerEntry {
	return { mode: "lrwxrwxrwx", owner: "0/0", link: to };
}

function foldersOf(path: string): string[] {
	const parts = path.split("/").slice(0, -1);
	return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
