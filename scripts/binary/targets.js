// The platforms that standalone binaries are built for, and the Node.js in them.

/** The newest one that the package registry has for every platform below; its hashes are in node-package.js. */
export const NODE_VERSION = "26.10.0";

/**
 * What is particular to a platform.
 * @typedef {object} Target
 * @property {string} package the Node.js package's name after `node-`
 * @property {readonly string[]} strips programs that take debug symbols out of its executables, best first
 * @property {Emulator} [emulator] what runs its executables on another machine
 */

/**
 * A program that runs another platform's executables, and the libraries they need.
 * @typedef {object} Emulator
 * @property {string} program
 * @property {string} libraries
 */

/** @type {Readonly<Record<string, Target>>} */
export const TARGETS = {
	"linux-x64": { package: "linux-x64", strips: ["x86_64-linux-gnu-strip", "llvm-strip"] },
	"linux-arm64": {
		package: "linux-arm64",
		strips: ["aarch64-linux-gnu-strip", "llvm-strip"],
		emulator: { program: "qemu-aarch64-static", libraries: "/usr/aarch64-linux-gnu" },
	},
	"darwin-arm64": { package: "bin-darwin-arm64", strips: [] },
	"darwin-x64": { package: "darwin-x64", strips: [] },
};

/** The target that this machine runs by itself; one that has no binary is named all the same. */
export const HOST = `${process.platform}-${process.arch}`;
