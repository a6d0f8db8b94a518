// Under which licences a package may be delivered with the agent.

import parseLicense from "spdx-expression-parse";

/** @typedef {import("spdx-expression-parse").Info} LicenseExpression */
/** @typedef {{ name: string, version: string, license: string }} LicensedPackage */
/** @typedef {Readonly<Record<string, { license: string, reason: string }>>} Exceptions */

/** They ask for no more than their text, which THIRD-PARTY-NOTICES.txt has. */
const ALLOWED = new Set([
	"0BSD",
	"Apache-2.0",
	"BSD-2-Clause",
	"BSD-3-Clause",
	"BlueOak-1.0.0",
	"ISC",
	"MIT",
]);

/**
 * Packages that say something else of their licence than SPDX knows, or have another one and may be delivered all
 * the same: by name, exactly what they say, and why it is right.
 * @type {Exceptions}
 */
const EXCEPTIONS = {};

/**
 * Packages under a licence that is not allowed, and exceptions that nothing needs any more.
 * @param {readonly LicensedPackage[]} packages
 * @param {Exceptions} [exceptions]
 * @returns {string[]}
 */
export function licenceProblems(packages, exceptions = EXCEPTIONS) {
	const refused = packages.filter(({ license }) => !isAllowed(license));
	const needed = new Set(refused.map(({ name }) => name));
	return [
		...refused
			.filter(({ name, license }) => exceptions[name]?.license !== license)
			.map(
				({ name, version, license }) =>
					`${name} ${version} has the licence "${license}", which is not on the list in scripts/licences/allowed.js`,
			),
		...Object.keys(exceptions)
			.filter((name) => !needed.has(name))
			.map((name) => `The exception for ${name} is not needed any more`),
	];
}

/** @param {string} expression */
function isAllowed(expression) {
	try {
		return satisfied(parseLicense(expression));
	} catch (error) {
		// The parser's way to say that it is no expression.
		if (error instanceof Error) return false;
		throw error;
	}
}

/**
 * @param {LicenseExpression} expression
 * @returns {boolean}
 */
function satisfied(expression) {
	if ("license" in expression) return ALLOWED.has(expression.license) && expression.exception === undefined;
	const { left, conjunction, right } = expression;
	return conjunction === "or" ? satisfied(left) || satisfied(right) : satisfied(left) && satisfied(right);
}
