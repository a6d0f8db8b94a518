// Measures the agent beside the bare floor and others, by turns in one run, and prints ratios with what they are meant
// to be. Raw values go to results/PART.json, from which `npm run docs:performance` makes docs/performance.md.
// Usage: npm run bench -- [PART…] [--rounds N] [--seconds N] [--load-seconds N] [--output DIR]   (default: all parts)

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figureLine } from "./suite/figures.js";
import { thisMachine } from "./suite/machine.js";
import { PARTS } from "./suite/parts.js";
import { hasProc } from "./suite/server.js";

const asked = options();
if ("problem" in asked) {
	console.error(asked.problem);
	process.exitCode = 1;
} else {
	for (const name of asked.parts) await runPart(name, asked);
}

/** @typedef {{ parts: string[], output: string, settings: { rounds: number, seconds: number, loadSeconds: number } }} Asked */

/** @returns {Asked | { problem: string }} */
function options() {
	if (!hasProc()) return { problem: "Processor time and memory are read from /proc, which only Linux has." };
	const text = /** @type {const} */ ({ type: "string" });
	const known = { rounds: text, seconds: text, "load-seconds": text, output: text };
	try {
		const { values, positionals } = parseArgs({ options: known, allowPositionals: true });
		const settings = {
			rounds: Number(values.rounds ?? 3),
			seconds: Number(values.seconds ?? 1),
			loadSeconds: Number(values["load-seconds"] ?? 60),
		};
		const isRight = Object.values(settings).every((value) => Number.isInteger(value) && value > 0);
		if (!isRight || positionals.some((name) => PARTS[name] === undefined)) return { problem: usage() };
		const parts = positionals.length === 0 ? Object.keys(PARTS) : positionals;
		return { parts, settings, output: values.output ?? fileURLToPath(new URL("results", import.meta.url)) };
	} catch (error) {
		if (error instanceof TypeError) return { problem: usage() };
		throw error;
	}
}

function usage() {
	const parts = Object.keys(PARTS).join("|");
	return `Use [${parts}]… [--rounds N] [--seconds N] [--load-seconds N] [--output DIR], each N a whole number from 1.`;
}

/** @param {string} name @param {Asked} asked */
async function runPart(name, { output, settings }) {
	const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
	try {
		console.log(`\n— ${name}`);
		const began = performance.now();
		const found = await PARTS[name]?.({ folder, ...settings });
		const tookSeconds = Math.round((performance.now() - began) / 1000);
		for (const missing of found?.missing ?? []) console.log(`Left out: ${missing}`);
		for (const figure of found?.figures ?? []) console.log(figureLine(figure));
		console.log(`${tookSeconds} s`);
		const result = { part: name, machine: thisMachine(), settings, tookSeconds, ...found };
		mkdirSync(output, { recursive: true });
		writeFileSync(join(output, `${name}.json`), `${JSON.stringify(result, rounded, 2)}\n`);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Six digits are more than any of this is worth. @param {string} _ @param {unknown} value */
function rounded(_, value) {
	return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}
