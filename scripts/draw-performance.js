// Writes docs/performance.md and its plots from benchmarks/results. Usage: npm run docs:performance

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { performanceFiles } from "./performance/page.js";
import { root } from "./run.js";

const made = performanceFiles();
if ("problem" in made) {
	console.error(made.problem);
	process.exitCode = 1;
} else {
	for (const [path, text] of made.files) writeFileSync(join(root, path), text);
	console.log(`wrote ${made.files.map(([path]) => path).join(", ")}`);
}
