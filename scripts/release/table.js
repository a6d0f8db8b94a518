// What came out of a dry run: each file with its size and hash, and how it was tried.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../files.js";

/** @typedef {{ title: string, status: string, failureMessages?: readonly string[] }} TestResult as vitest writes it */
/**
 * A file of the release.
 * @typedef {object} ReleaseFile
 * @property {string} name
 * @property {number} bytes
 * @property {string} sha256
 * @property {readonly TestResult[]} tried
 */

/** Beside the images: what the workflow reads when it pushes them. */
const OF_IMAGES = /\.(?:digest|debian-packages)$/;
const MB = 1024 * 1024;

/**
 * Every file of a release, with the tests whose titles begin with its name.
 * @param {string} folder
 * @param {readonly TestResult[]} results
 * @returns {ReleaseFile[]}
 */
export function releaseFiles(folder, results) {
	const images = existsSync(join(folder, "images")) ? readdirSync(join(folder, "images")) : [];
	const names = [
		...readdirSync(folder).filter((name) => name !== "images"),
		...images.filter((name) => !OF_IMAGES.test(name)).map((name) => `images/${name}`),
	];
	return names.toSorted().map((name) => {
		const content = readFileSync(join(folder, name));
		return {
			name,
			bytes: content.length,
			sha256: sha256(content),
			tried: results.filter(({ title }) => title.startsWith(`${name}: `)),
		};
	});
}

/**
 * What went wrong; a file that no test tried is a failure too.
 * @param {readonly ReleaseFile[]} files
 * @param {readonly TestResult[]} results
 * @returns {string[]}
 */
export function releaseProblems(files, results) {
	return [
		...(results.length > 0 ? [] : ["no test ran"]),
		...results.filter(({ status }) => status === "failed").map(({ title }) => `failed: ${title}`),
		...files.filter(({ tried }) => tried.length === 0).map(({ name }) => `not tried at all: ${name}`),
	];
}

/**
 * The lines of the table.
 * @param {readonly ReleaseFile[]} files
 * @returns {string[]}
 */
export function tableLines(files) {
	const width = Math.max(...files.map(({ name }) => name.length));
	return files.flatMap(({ name, bytes, sha256, tried }) => [
		`${name.padEnd(width)}  ${sizeText(bytes)}  ${sha256}`,
		...tried.map(({ title, status }) => `    ${mark(status)} ${title.slice(name.length + 2)}`),
	]);
}

/** @param {number} bytes */
function sizeText(bytes) {
	const text = bytes < MB ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / MB).toFixed(1)} MB`;
	return text.padStart(9);
}

/** @param {string} status */
function mark(status) {
	if (status === "passed") return "ok  ";
	return status === "failed" ? "FAIL" : "skip";
}
