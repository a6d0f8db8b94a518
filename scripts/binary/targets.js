// The platforms that standalone binaries are built for, and the Node.js in them.

/**
 * For Linux the newest one in long-term support. From 25 on Node.js needs libatomic there, which most images and
 * AWS Lambda lack.
 */
const LINUX_NODE = "24.21.0";
/** The newest one that the package registry has for both kinds of Mac; it has no 24 that is not far behind. */
const DARWIN_NODE = "26.10.0";

/**
 * What is particular to a platform.
 * @typedef {object} Target
 * @property {string} node the version of its Node.js; hashes are in node-package.js
 * @property {string} package the Node.js package's name after `node-`
 * @property {boolean} injectsItself whether that version puts the agent in by itself, or leaves it to another program
 * @property {readonly string[]} strips programs that take debug symbols out of its executables, best first
 * @property {Emulator} [emulator] what runs its executables on another machine
 */

/**
 * A program that runs another platform's executables, and the folder of the libraries they need.
 * @typedef {{ program: string, libraries: string }} Emulator
 */

/** The platforms by the names that the files have. @type {Readonly<Record<string, Target>>} */
export const TARGETS = {
	"linux-x64": {
		node: LINUX_NODE,
		package: "linux-x64",
		injectsItself: false,
		strips: ["x86_64-linux-gnu-strip", "llvm-strip"],
	},
	"linux-arm64": {
		node: LINUX_NODE,
		package: "linux-arm64",
		injectsItself: false,
		strips: ["aarch64-linux-gnu-strip", "llvm-strip"],
		emulator: { program: "qemu-aarch64-static", libraries: "/usr/aarch64-linux-gnu" },
	},
	"darwin-arm64": { node: DARWIN_NODE, package: "bin-darwin-arm64", injectsItself: true, strips: [] },
	"darwin-x64": { node: DARWIN_NODE, package: "darwin-x64", injectsItself: true, strips: [] },
};

/** The platform of this machine, as targets are named. */
export const HOST = `${process.platform}-${process.arch}`;
