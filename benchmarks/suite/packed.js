// Artifacts to serve, made by the built command.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NPM_COMMAND } from "./variants.js";

/**
 * An artifact, the secrets in it as the agent serves them, and the age key that opens it, by their paths.
 * @typedef {{ artifact: string, body: string, identity: string }} Packed
 */

/**
 * Packs this many secrets for a new age key, in a folder of their own below the given one.
 * @param {string} folder
 * @param {number} keys
 * @returns {Packed}
 */
export function packedIn(folder, keys) {
	const own = join(folder, `${keys}-keys`);
	const body = join(own, "body.json");
	const identity = join(own, "age.txt");
	mkdirSync(own, { recursive: true });
	const secrets = Array.from({ length: keys }, (_, n) => [`KEY_${n}`, `value-${n}-${"x".repeat(40)}`]);
	writeFileSync(body, JSON.stringify(Object.fromEntries(secrets)));
	rmSync(identity, { force: true });
	clefAgent(["keygen", "-o", identity]);
	return { artifact: pack(join(own, "artifact.json"), body, identity), body, identity };
}

/**
 * Packs a file of secrets for the age key in another file.
 * @param {string} artifact where it goes
 * @param {string} body
 * @param {string} identity
 * @returns {string} where it went
 */
export function pack(artifact, body, identity) {
	const recipient = /age1[a-z0-9]+/.exec(readFileSync(identity, "utf8"))?.[0];
	const subject = ["--identity", "bench", "--environment", "test", "--recipient", String(recipient)];
	clefAgent(["pack", body, ...subject, "-o", artifact]);
	return artifact;
}

/** @param {readonly string[]} args */
function clefAgent(args) {
	const [program = "", ...before] = NPM_COMMAND.command;
	const { status, stderr } = spawnSync(program, [...before, ...args], { encoding: "utf8" });
	if (status !== 0) throw new TypeError(`clef-agent ${args[0]} failed: ${stderr}`);
}
