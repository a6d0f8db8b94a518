// Runs the first steps for real, and takes out of what was seen all that is another one each time.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.js";
import { root } from "../run.js";
import { readmeSteps } from "./readme-steps.js";
import { Session } from "./session.js";

/** @typedef {import("./session.js").Shown} Shown */

const PORT = "7779";
/** Made up: no key file holds what belongs to them, and they open nothing. */
const SHOWN_RECIPIENT = `age1demo${"qpzry9x8gf2tvdw0s3jn54khce6mua7l".repeat(2).slice(0, 54)}`;
const SHOWN_VERIFY_KEY = "MCowBQYDK2VwAyEADemoDemoDemoDemoDemoDemoDemoDemoDemoDemoDem=";
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const SHOWN_TIME = Date.parse("2026-01-01T09:00:00.000Z");

/**
 * What each command shows; the same each time.
 * @returns {Promise<Shown[]>}
 */
export async function firstRun() {
	const folder = mkdtempSync(join(tmpdir(), "clef-agent-first-run-"));
	const port = String(await freePort());
	const session = new Session({ cwd: folder, env: environment(folder, port) });
	try {
		/** @type {Shown[]} */
		const shown = [];
		let seen = "";
		for (const { command, until } of readmeSteps()) {
			const output = await session.run(filledIn(command, seen, port), until);
			seen += output;
			shown.push({ command, output });
		}
		return normalised(shown, port);
	} finally {
		await session.close();
		rmSync(folder, { recursive: true, force: true });
	}
}

/** @param {string} folder @param {string} port @returns {Record<string, string>} */
function environment(folder, port) {
	// On a terminal curl would show no progress, and the agent would write text.
	writeFileSync(join(folder, ".curlrc"), "silent\nshow-error\n");
	const { PATH = "" } = process.env;
	const clef = root.replace(/\/$/, "");
	return { PATH, HOME: folder, clef, CLEF_AGENT_PORT: port, CLEF_AGENT_LOG_FORMAT: "text" };
}

/** What the page leaves out, from what was printed before. @param {string} command @param {string} seen @param {string} port */
function filledIn(command, seen, port) {
	const [recipient = ""] = /age1[0-9a-z]+/.exec(seen) ?? [];
	const [verifyKey = ""] = /CLEF_AGENT_VERIFY_KEY=\S+/.exec(seen) ?? [];
	return command
		.replace(/#.*/, "")
		.replace("age1…", recipient)
		.replace("CLEF_AGENT_VERIFY_KEY=…", verifyKey)
		.replace(`:${PORT}/`, `:${port}/`);
}

/** @param {readonly Shown[]} shown @param {string} port @returns {Shown[]} */
function normalised(shown, port) {
	const times = shown.flatMap(({ output }) => output.match(TIME) ?? []).toSorted();
	const order = [...new Set(times)];
	/** @param {string} time */
	const madeUp = (time) => new Date(SHOWN_TIME + order.indexOf(time) * 1000).toISOString();
	let revisions = 0;
	return shown.map(({ command, output }) => ({
		command,
		output: output
			// Whoever tries this on a machine of their own is seldom root, as in a container.
			.replace(/^.*running as root.*\n/gm, "")
			.replaceAll(/age1[0-9a-z]+/g, SHOWN_RECIPIENT)
			.replaceAll(/(VERIFY_KEY=)\S+/g, `$1${SHOWN_VERIFY_KEY}`)
			.replaceAll(`:${port}`, `:${PORT}`)
			.replaceAll(TIME, madeUp)
			.replaceAll(/(?<=revision )\d+-[0-9a-f]{8}/g, () => {
				revisions += 1;
				return `${SHOWN_TIME + revisions}-0000000${revisions}`;
			}),
	}));
}
