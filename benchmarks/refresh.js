// Measures a whole refresh of the library, from reading a new artifact to serving it, against the bare decryption
// and JSON.parse of the same bytes, in one process and by turns. Prints a ratio.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAgent } from "@clef-sh/core";
import { plainDecrypter } from "./age-library.js";
import { pack, packSecrets, printRatios } from "./side-by-side.js";

const KEYS = 5_000;
const WARM_UP = 10;
const TURNS = 60;

const folder = mkdtempSync(join(tmpdir(), "clef-bench-"));
try {
	const { artifact, body, identity } = packSecrets(folder, KEYS);
	const artifacts = [artifact, pack(join(folder, "other.json"), body, identity)].map((path) =>
		readFileSync(path),
	);
	const key = readFileSync(identity, "utf8");
	const values = { agent: await refreshing(artifacts, key), other: await bare(artifacts, key) };
	for (let turn = 0; turn < WARM_UP; turn += 1) await oneTurn();
	values.agent.times.length = 0;
	values.other.times.length = 0;
	for (let turn = 0; turn < TURNS; turn += 1) await oneTurn();
	printRatios(
		`refresh of ${KEYS} keys`,
		{ agent: values.agent.times, other: values.other.times },
		"the bare decryption and JSON.parse",
		"at most 2 is the aim",
	);
	await values.agent.close();

	async function oneTurn() {
		await values.agent.measure();
		await values.other.measure();
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}

/**
 * An agent whose source has another artifact at every read.
 * @param {readonly Buffer[]} artifacts
 * @param {string} ageIdentities
 */
async function refreshing(artifacts, ageIdentities) {
	let reads = 0;
	/** @type {import("@clef-sh/core").Source} */
	const source = {
		type: "inline",
		description: "benchmark",
		read: async () => {
			reads += 1;
			return { kind: "modified", bytes: /** @type {Buffer} */ (artifacts[reads % 2]) };
		},
	};
	const agent = await createAgent({ source, decryptor: { ageIdentities } });
	return timed(
		async () => {
			const { kind } = await agent.refresh();
			if (kind !== "replaced") throw new TypeError(`the refresh ended as ${kind}`);
		},
		() => agent.close(),
	);
}

/**
 * @param {readonly Buffer[]} artifacts
 * @param {string} key
 */
async function bare(artifacts, key) {
	const decrypter = plainDecrypter(key);
	const files = artifacts.map((artifact) =>
		Buffer.from(JSON.parse(artifact.toString()).ciphertext, "base64"),
	);
	let reads = 0;
	return timed(async () => {
		reads += 1;
		JSON.parse(await decrypter.decrypt(/** @type {Buffer} */ (files[reads % 2]), "text"));
	});
}

/**
 * @param {() => Promise<void>} work
 * @param {() => Promise<unknown>} [close]
 */
function timed(work, close = async () => undefined) {
	/** @type {number[]} */
	const times = [];
	const measure = async () => {
		const began = performance.now();
		await work();
		times.push(performance.now() - began);
	};
	return { times, measure, close };
}
