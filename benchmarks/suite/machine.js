// The machine that something was measured on, as the operating system tells it.

import { cpus, release, totalmem, type } from "node:os";

/** @typedef {{ cpu: string, cores: number, memoryGiB: number, kernel: string, architecture: string, node: string }} Machine */

/** This machine; its processor is that of the first core. @returns {Machine} */
export function thisMachine() {
	const [first] = cpus();
	return {
		cpu: first?.model.trim() ?? "unknown",
		cores: cpus().length,
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		kernel: `${type()} ${release()}`,
		architecture: process.arch,
		node: process.versions.node,
	};
}
