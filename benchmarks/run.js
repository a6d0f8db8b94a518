// Measures the agent beside the bare floor and others, by turns in one run, and prints ratios with what they are meant
// to be. Raw values go to results/PART.json, from which `npm run docs:performance` makes docs/performance.md.
// Usage: npm run bench -- [PART…] [--rounds N] [--seconds N] [--load-seconds N]   (default: all parts)

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figureLine } from "./suite/figures.js";
import { thisMachine } from "./suite/machine.js";
import { PARTS } from "./suite/parts.js";
import { hasProc } from "./suite/server.js";

const RESULTS = fileURLToPath(new URL("results", import.meta.url));
const count = /** @type {const} */ ({ type: "string" });

const { values, positionals } = parseArgs({
	options: { rounds: count, seconds: count, "load-seconds": count },
	allowPositionals: true,
});
const settings = {
	rounds: Number(values.rounds ?? 3),
	seconds: Number(values.seconds ?? 2),
	loadSeconds: Number(values["load-seconds"] ?? 60),
};
const unknown = positionals.find((name) => PARTS[name] === undefined);
if (
	unknown !== undefined ||
	!Object.values(settings).every((value) => Number.isInteger(value) && value > 0)
) {
	console.error(`Use [${Object.keys(PARTS).join("|")}]… [--rounds N] [--seconds N] [--load-seconds N].`);
	process.exitCode = 1;
} else if (hasProc()) {
	for (const name of positionals.length === 0 ? Object.keys(PARTS) : positionals) await runPart(name);
} else {
	console.error("Processor time and memory are read from /proc, which only Linux has.");
	process.exitCode = 1;
}

/** @param {string} name */
async function runPart(name) {
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
		mkdirSync(RESULTS, { recursive: true });
		writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(result, rounded, 2)}\n`);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Six digits are more than any of this is worth. @param {string} _ @param {unknown} value */
function rounded(_, value) {
	return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}
