// Writes the generated pages in docs/ and checks all pages. With --check nothing is written: a page that is out
// of date, a dead link, an unknown CLEF_AGENT_* name or npm script, or a block of code that no test runs fails.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { importGraph } from "./architecture/import-graph.js";
import { architecturePicture } from "./architecture/picture.js";
import { configurationPage } from "./docs/configuration-page.js";
import { errorsPage, missingCodes } from "./docs/errors-page.js";
import { fleetPage } from "./docs/fleet-page.js";
import { houseSection } from "./docs/house-section.js";
import { lambdaClientsPage } from "./docs/lambda-clients-page.js";
import { deadLinks, unknownScripts, unknownVariables } from "./docs/page-checks.js";
import { isNearlySame, withSection } from "./docs/section.js";
import { threatModelPage } from "./docs/threat-model-page.js";
import { demandPlot, outagePlot, readersPlot } from "./fleet/plots.js";
import { readResults } from "./fleet/results.js";
import { manifestOf } from "./packages/manifests.js";
import { performanceFiles } from "./performance/page.js";
import { ensureBuilt, root } from "./run.js";
import { snippetProblems } from "./snippets/check.js";
import { pageNames } from "./snippets/read.js";

ensureBuilt();
/** @type {typeof import("../packages/core/src/env/index.js")} */
const { ENVIRONMENT_VARIABLES } = await import(`${root}packages/core/dist/env/index.js`);
/** @type {typeof import("../packages/router/src/openapi/index.js")} */
const { openApiDocument } = await import(`${root}packages/router/dist/openapi/index.js`);

const { scripts = {} } = manifestOf(".");
const fleets = readResults();

const checkOnly = process.argv.includes("--check");
const problems = [
	...missingCodes(),
	...publish("docs/configuration.md", configurationPage(ENVIRONMENT_VARIABLES)),
	...publish("docs/errors.md", errorsPage()),
	...publish("docs/images/architecture.svg", architecturePicture(importGraph(root))),
	...publishSection("docs/architecture.md", "house", houseSection()),
	...publish("docs/fleet.md", fleetPage(fleets)),
	...publish("docs/images/fleet-demand.svg", demandPlot(fleets)),
	...publish("docs/images/fleet-outage.svg", outagePlot(fleets)),
	...publish("docs/images/fleet-readers.svg", readersPlot(fleets)),
	// The version is that of the API, which its paths begin with, so that no release makes this file another one.
	...publish("docs/openapi.json", `${JSON.stringify(openApiDocument("1"), null, 2)}\n`),
	...publish("docs/lambda-clients.md", lambdaClientsPage()),
	...publish("docs/threat-model.md", threatModelPage()),
	...performance(),
	...snippetProblems(),
	...pageNames().flatMap((page) => {
		const path = join(root, page);
		const text = readFileSync(path, "utf8");
		const found = [
			...deadLinks(text, dirname(path)),
			...unknownVariables(text, ENVIRONMENT_VARIABLES),
			...unknownScripts(text, scripts),
		];
		return found.map((problem) => `${page}: ${problem}`);
	}),
];

for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${pageNames().length} pages are in order`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** @returns {string[]} */
function performance() {
	const made = performanceFiles();
	return "problem" in made ? [made.problem] : made.files.flatMap(([path, text]) => publish(path, text));
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {string[]}
 */
function publish(path, text) {
	const file = join(root, path);
	if (existsSync(file) && readFileSync(file, "utf8") === text) return [];
	if (checkOnly) return [`${path} is out of date; run \`npm run docs\``];
	writeFileSync(file, text);
	console.log(`wrote ${path}`);
	return [];
}

/**
 * Publishes what stands between two markers of a page that is written by hand.
 * @param {string} path
 * @param {string} name of the markers
 * @param {string} text
 * @returns {string[]}
 */
function publishSection(path, name, text) {
	const page = readFileSync(join(root, path), "utf8");
	const made = withSection(page, name, text);
	if (made === undefined) return [`${path} has no markers for the section "${name}"`];
	return isNearlySame(page, made) ? [] : publish(path, made);
}
