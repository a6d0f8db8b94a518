// What each revision of the soak holds. The test packs it and the client expects it, so both make it from nothing
// but its number. Plain JavaScript, because the client is a process of its own and Node 20 runs no TypeScript.

import { createHash } from "node:crypto";

/**
 * What the agent must answer while it serves one revision.
 * @typedef {object} RevisionContent
 * @property {string} name as it stands in the artifact and in the ETag
 * @property {Record<string, Record<string, string>>} secrets the payload to pack
 * @property {Buffer} packed the body of `/v1/secrets`
 * @property {Buffer} flat the body of `/v1/secrets?format=flat`
 * @property {Buffer} keys the body of `/v1/keys`
 */

const NAMESPACE = "soak";
const PREFIX = "soak-";
const BIG_EVERY = 10;

/** The one the agent is stopped with: a single body of it is more than loopback takes without a reader. */
export const LAST_REVISION = 999_999;

/** How many keys every revision has at least: `KEY_000` and on. */
export const KEYS = 20;
/** How many keys every tenth revision has, and the last. */
const BIG_KEYS = 500;
/** Digests in a value of every tenth revision, for a body of half a megabyte. */
const BIG_DIGESTS = 16;
/** Digests in a value of the last revision, for a body of five megabytes. */
const LAST_DIGESTS = 160;

/** What every value begins with, and no line of a log may hold. */
export const VALUE_MARK = "value-of-";

/**
 * The name of a revision in its artifact.
 * @param {number} number
 */
export function revisionName(number) {
	return `${PREFIX}${String(number).padStart(6, "0")}`;
}

/**
 * The number of the revision of this name; NaN for what is no name of a revision.
 * @param {unknown} name
 * @returns {number}
 */
export function revisionNumber(name) {
	return typeof name === "string" && /^soak-\d{6}$/.test(name)
		? Number(name.slice(PREFIX.length))
		: Number.NaN;
}

/**
 * The name of a key by its place among the keys, counted from 0.
 * @param {number} index
 */
export function keyName(index) {
	return `KEY_${String(index).padStart(3, "0")}`;
}

/**
 * The value of a key: it names its revision, and the digest after it is like no other's.
 * @param {number} number
 * @param {string} key
 */
export function secretValue(number, key) {
	const name = revisionName(number);
	const digest = createHash("sha256").update(`${name} ${key}`).digest("hex");
	const digests = number === LAST_REVISION ? LAST_DIGESTS : isBig(number) ? BIG_DIGESTS : 1;
	return `${VALUE_MARK}${name}:${digest.repeat(digests)}`;
}

/**
 * The number of the revision that a value names; NaN when it names none.
 * @param {unknown} value
 * @returns {number}
 */
export function revisionOfValue(value) {
	return typeof value === "string" && value.startsWith(VALUE_MARK)
		? revisionNumber(value.slice(VALUE_MARK.length).split(":", 1)[0])
		: Number.NaN;
}

/**
 * All that a revision holds and is answered with, from its number alone.
 * @param {number} number
 * @returns {RevisionContent}
 */
export function revisionContent(number) {
	const count = isBig(number) ? BIG_KEYS : KEYS;
	// The last one makes the list of keys tell its revision, too; it sorts behind all the others.
	const keys = [...Array.from({ length: count }, (_, index) => keyName(index)), `OF_${revisionName(number)}`];
	const values = Object.fromEntries(keys.map((key) => [key, secretValue(number, key)]));
	const flat = Object.fromEntries(keys.map((key) => [`${NAMESPACE}__${key}`, values[key]]));
	const secrets = { [NAMESPACE]: values };
	return {
		name: revisionName(number),
		secrets,
		packed: Buffer.from(JSON.stringify(secrets)),
		flat: Buffer.from(JSON.stringify(flat)),
		keys: Buffer.from(JSON.stringify(Object.keys(flat))),
	};
}

/** @type {Map<number, RevisionContent>} */
const recent = new Map();
/** Around a rotation two revisions are on their way; the rest is room. */
const KEPT = 6;

/**
 * {@link revisionContent}, made once for the revisions that are being served.
 * @param {number} number
 * @returns {RevisionContent}
 */
export function expectedContent(number) {
	const known = recent.get(number);
	if (known !== undefined) return known;
	const made = revisionContent(number);
	recent.set(number, made);
	const [oldest] = recent.keys();
	if (recent.size > KEPT && oldest !== undefined) recent.delete(oldest);
	return made;
}

/** @param {number} number */
function isBig(number) {
	return number % BIG_EVERY === 0 || number === LAST_REVISION;
}
