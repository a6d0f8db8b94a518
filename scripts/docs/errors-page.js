// docs/errors.md: each error code, what it means and what to do.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ERROR_CODES } from "../error-codes.js";
import { packageFolders } from "../packages/manifests.js";
import { root } from "../run.js";
import { table } from "./table.js";

const INTRODUCTION = `<!-- Made by \`npm run docs\` from scripts/error-codes.js; edit the table there. -->

# Errors

Every error carries a \`code\` that never changes its meaning, and a message of one sentence that holds no secret.
Codes appear in log lines, in \`lastError\` of \`/v1/health\` and in the body of refusals; codes of refusals that only
the [HTTP API](http-api.md) makes are listed there. Whatever fails, the agent keeps trying. "Last good secrets" are those
that it has: where no artifact has been taken yet, nothing is served (503). What a command prints before it ends is the
sentence alone; \`CONFIG_INVALID\`, \`COMMAND_…\` and \`PACK_…\` are for programs that use the packages.
`;

/** The page, with a row for each code in the order of the table. */
export function errorsPage() {
	const rows = Object.entries(ERROR_CODES).map(([code, { meaning, served, action }]) => [
		`\`${code}\``,
		meaning,
		served,
		action,
	]);
	return `${INTRODUCTION}\n${table(["code", "cause", "still served", "what to do"], rows)}`;
}

/**
 * What the table lacks or has too much, compared with the unions of codes in the sources.
 * @returns {string[]}
 */
export function missingCodes() {
	const declared = declaredCodes();
	const described = new Set(Object.keys(ERROR_CODES));
	return [
		...[...declared]
			.filter((code) => !described.has(code))
			.map((code) => `scripts/error-codes.js lacks ${code}`),
		...[...described]
			.filter((code) => !declared.has(code))
			.map((code) => `scripts/error-codes.js: no ${code} exists`),
	];
}

/** The members of every `…ErrorCode` union in a file named for an error class. */
function declaredCodes() {
	/** @type {Set<string>} */
	const codes = new Set();
	for (const file of errorFiles()) {
		for (const [, union] of readFileSync(file, "utf8").matchAll(/export type \w+ErrorCode =([^;]+);/g)) {
			for (const [, code] of (union ?? "").matchAll(/"([A-Z_]+)"/g)) codes.add(code ?? "");
		}
	}
	return codes;
}

function errorFiles() {
	return packageFolders()
		.map((name) => join(root, name, "src"))
		.flatMap((folder) =>
			readdirSync(folder)
				.filter((file) => file.endsWith("-error.ts"))
				.map((file) => join(folder, file)),
		);
}
