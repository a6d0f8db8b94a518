// Asks the package registry for known vulnerabilities of everything that is installed here.
// Usage: node scripts/audit.js [--required]   (without it a registry that answers no audits is a reason to skip)

import { run } from "./run.js";

/** How pnpm says that the registry did not answer, or does not know what an audit is. */
const NO_ANSWER =
	/ERR_PNPM_AUDIT_(?:BAD_RESPONSE|ENDPOINT_NOT_EXISTS)|\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET)\b/;

// Development dependencies too: the command is bundled from some, and what builds a release can change it.
// With a level of its own, or pnpm would fail without a word under `npm run --silent`.
const args = ["audit", "--audit-level", "moderate", "--loglevel", "info"];
const { ok, output } = run(process.execPath, ["scripts/pnpm.js", ...args]);
if (ok) {
	console.log(output);
} else if (NO_ANSWER.test(output) && !process.argv.includes("--required")) {
	console.log("SKIPPED audit: the package registry in use here answers no audits; CI asks the public one.");
} else {
	console.error(output);
	process.exitCode = 1;
}
