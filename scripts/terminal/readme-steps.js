// The first steps as README.md has them, and the one that its text adds: to pack again.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.js";

/**
 * One command and when it is over.
 * @typedef {object} Step
 * @property {string} command as the page has it, over several lines where it has several
 * @property {RegExp} [until] what the agent says later, where that has to be waited for
 */

const HEADING = "## Your own secrets";
/** What the agent writes when it has secrets. */
const SERVES = /serving revision .*\n/;
/** What is packed at first, and again. */
const [FIRST, AGAIN] = ["hunter2", "correct-horse"];

/**
 * The commands of a page in order, then those that its text speaks of.
 * @param {string} [page] README.md, unless told
 * @returns {Step[]}
 */
export function readmeSteps(page = readFileSync(join(root, "README.md"), "utf8")) {
	const [, section = ""] = page.split(`${HEADING}\n`);
	const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
	const commands = block.split(/(?<!\\)\n+/).filter((line) => line !== "");
	const [pack, ask] = [/\bclef-agent pack\b/, /^curl\b/].map((form) =>
		commands.find((line) => form.test(line)),
	);
	if (pack === undefined || ask === undefined || !pack.includes(FIRST))
		throw new RangeError(`README.md has no commands that pack ${FIRST} and ask for it below "${HEADING}".`);
	return [
		...commands.map((command) => ({ command, ...(/&$/.test(command) && { until: SERVES }) })),
		{ command: pack.replace(FIRST, AGAIN), until: SERVES },
		{ command: ask },
	];
}
