// Builds the documentation site to dist/site and checks it.
// Usage: node docs-site/build.js [--serve [--port N]] [--output FOLDER] [--root FOLDER]   (the repository to read)

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readPages } from "./build/html.js";
import { sidebarProblems } from "./build/pages.js";
import { serveFolder } from "./build/serve.js";
import { buildSite } from "./build/site.js";
import { siteProblems } from "./build/site-checks.js";
import { GROUPS } from "./sidebar.js";

const { values } = parseArgs({
	options: {
		serve: { type: "boolean", default: false },
		port: { type: "string", default: "0" },
		output: { type: "string" },
		root: { type: "string", default: fileURLToPath(new URL("../", import.meta.url)) },
	},
});
const output = values.output ?? join(values.root, "dist", "site");

const problems = [
	...(await buildSite(values.root, output)),
	...sidebarProblems(values.root, GROUPS),
	...siteProblems(output),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
if (problems.length === 0) console.log(`${readPages(output).length} pages are in ${output}`);
if (values.serve) {
	const { url } = await serveFolder(output, Number(values.port));
	console.log(`They are shown at ${url} until you press Ctrl+C.`);
}
