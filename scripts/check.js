// Everything but the tests, in one go: `npm run check`. Runs all checks even when one fails, then sums up.

import { ensureBuilt, run } from "./run.js";

/** @type {readonly [title: string, npmScript: string][]} */
const CHECKS = [
	["lint", "lint"],
	["types", "typecheck"],
	["layers", "check:layers"],
	["unused", "check:unused"],
	["packages", "check:packages"],
	["licences", "check:licences"],
	["docs", "check:docs"],
	["site", "docs:site"],
	["attacks", "check:attacks"],
];

ensureBuilt();
const results = CHECKS.map(([title, script]) => {
	console.log(`\n— ${title}`);
	const startedMs = performance.now();
	const { ok } = run("npm", ["run", "--silent", script], { show: true });
	return { title, ok, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) };
});

console.log("");
for (const { title, ok, seconds } of results) {
	console.log(`${ok ? "ok  " : "FAIL"} ${title.padEnd(9)} ${seconds} s`);
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
