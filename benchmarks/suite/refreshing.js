// Whole refreshes of the library, and the bare decryption and JSON.parse of the same bytes, in one process.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createAgent } from "@clef-sh/core";
import { plainDecrypter } from "../age-library.js";
import { pack } from "./packed.js";

/** @typedef {import("./packed.js").Packed} Packed */

/** Something that takes time, again and again. @typedef {{ run: () => Promise<void>, close: () => Promise<unknown> }} Work */

/**
 * Two artifacts of the same secrets, by turns, so that each is new; in files of their own, since the one that is served
 * is written over.
 * @param {Packed} packed
 */
export function twoArtifacts({ artifact, body, identity }) {
	return ["one", "other"].map((name) => pack(join(dirname(artifact), `${name}.json`), body, identity));
}

/**
 * An agent whose source has another artifact at every read.
 * @param {Packed} packed
 * @returns {Promise<Work>}
 */
export async function refreshing(packed) {
	const artifacts = twoArtifacts(packed).map((path) => readFileSync(path));
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
	const agent = await createAgent({
		source,
		decryptor: { ageIdentities: readFileSync(packed.identity, "utf8") },
	});
	return {
		run: async () => {
			const { kind } = await agent.refresh();
			if (kind !== "replaced") throw new TypeError(`the refresh ended as ${kind}`);
		},
		close: () => agent.close(),
	};
}

/**
 * What a refresh cannot do without: decrypting with the age library, and JSON.parse.
 * @param {Packed} packed
 * @returns {Work}
 */
export function bareDecryption({ artifact, identity }) {
	const decrypter = plainDecrypter(readFileSync(identity, "utf8"));
	const file = Buffer.from(JSON.parse(readFileSync(artifact, "utf8")).ciphertext, "base64");
	return {
		run: async () => {
			JSON.parse(await decrypter.decrypt(file, "text"));
		},
		close: async () => undefined,
	};
}

/** Milliseconds of one run. @param {Work} work */
export async function timed({ run }) {
	const began = performance.now();
	await run();
	return performance.now() - began;
}
