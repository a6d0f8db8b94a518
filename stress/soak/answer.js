// Judges one answer of the agent against what its revision must say, byte for byte.

import { expectedContent, KEYS, keyName, revisionNumber, revisionOfValue, secretValue } from "./revision.js";

/** @typedef {"secrets" | "flat" | "conditional" | "key" | "keys" | "health" | "ready"} Route */

/** @typedef {{ readonly route: Route, readonly path: string, readonly key: string, readonly etag: string | undefined }} Asked */

/** @typedef {{ readonly status: number, readonly headers: ReadonlyMap<string, string>, readonly body: Buffer }} Answer */

/**
 * What an answer shows: of which revision it is, unless it tells none, and what is wrong with it.
 * @typedef {{ readonly revision?: number, readonly problem?: string }} Finding
 */

/** Mostly whole sets, as applications read them. @type {readonly Route[]} */
const MIX = [
	...[
		"secrets",
		"secrets",
		"conditional",
		"secrets",
		"key",
		"secrets",
		"secrets",
		"health",
		"secrets",
		"flat",
	],
	...[
		"secrets",
		"conditional",
		"secrets",
		"secrets",
		"keys",
		"secrets",
		"key",
		"secrets",
		"ready",
		"secrets",
	],
].map((route) => /** @type {Route} */ (route));

/** What is asked for while whole sets are large enough to keep a busy machine from anything else. */
const LIGHT_MIX = /** @type {readonly Route[]} */ (["key", "health", "keys", "key", "ready"]);

/**
 * The request of a connection's turn.
 * @param {number} turn
 * @param {string | undefined} etag the last one that this connection was given
 * @param {boolean} isLight without whole sets
 * @returns {Asked}
 */
export function nextRequest(turn, etag, isLight) {
	const mix = isLight ? LIGHT_MIX : MIX;
	const route = mix[turn % mix.length] ?? "health";
	const key = keyName(turn % KEYS);
	const path = {
		secrets: "/v1/secrets",
		flat: "/v1/secrets?format=flat",
		conditional: "/v1/secrets",
		key: `/v1/secrets/${key}`,
		keys: "/v1/keys",
		health: "/v1/health",
		ready: "/v1/ready",
	}[route];
	return { route, path, key, etag: route === "conditional" ? etag : undefined };
}

/**
 * Which revision an answer is of, and what is wrong with it.
 * @param {Asked} asked
 * @param {Answer} answer
 * @returns {Finding}
 */
export function judge(asked, answer) {
	const { status, body } = answer;
	if (status !== 200 && !(status === 304 && asked.etag !== undefined)) {
		return { problem: `status ${status}: ${excerpt(body)}` };
	}
	switch (asked.route) {
		case "secrets":
		case "conditional":
			return judgeSecrets(asked, answer);
		case "flat":
			return judgeBody(answer, "flat", tagged(answer, ";flat"));
		case "keys":
			return judgeBody(answer, "keys", revisionNumber(/__OF_(soak-\d{6})"\]$/.exec(body.toString())?.[1]));
		case "key":
			return judgeValue(asked, body);
		case "health":
			return judgeHealth(body);
		case "ready":
			return body.equals(READY) ? {} : { problem: excerpt(body) };
	}
}

const READY = Buffer.from(JSON.stringify({ ready: true }));

/** @param {Asked} asked @param {Answer} answer @returns {Finding} */
function judgeSecrets(asked, answer) {
	const etag = answer.headers.get("etag");
	if (answer.status !== 304) {
		if (etag === asked.etag) return { problem: `the whole body of ${etag}, which the client already had` };
		return judgeBody(answer, "packed", tagged(answer, ""));
	}
	return etag === asked.etag
		? { revision: tagged(answer, "") }
		: { problem: `304 for ${asked.etag}, but the ETag is ${etag}` };
}

/**
 * @param {Answer} answer
 * @param {"packed" | "flat" | "keys"} form
 * @param {number} revision
 * @returns {Finding}
 */
function judgeBody({ body, headers }, form, revision) {
	if (Number.isNaN(revision))
		return { problem: `no revision in ETag ${headers.get("etag")}: ${excerpt(body)}` };
	if (body.equals(expectedContent(revision)[form])) return { revision };
	const inside = new Set(body.toString().match(/soak-\d{6}/g));
	const names = inside.size === 0 ? "none" : [...inside].join(", ");
	return { revision, problem: `not the body of revision ${revision}; it names ${names}: ${excerpt(body)}` };
}

/** @param {Asked} asked @param {Buffer} body @returns {Finding} */
function judgeValue({ key }, body) {
	const { value } = parsed(body);
	const revision = revisionOfValue(value);
	return value === secretValue(revision, key)
		? { revision }
		: { problem: `wrong value of ${key}: ${excerpt(body)}` };
}

/** @param {Buffer} body @returns {Finding} */
function judgeHealth(body) {
	const { state, expired, lastError, revision: name } = parsed(body);
	const revision = revisionNumber(name);
	const isWell = state === "ready" && expired === false && lastError === null && !Number.isNaN(revision);
	return isWell ? { revision } : { problem: `not well: ${excerpt(body)}` };
}

/** @param {Answer} answer @param {string} suffix @returns {number} */
function tagged({ headers }, suffix) {
	const etag = headers.get("etag") ?? "";
	return etag.endsWith(`${suffix}"`)
		? revisionNumber(etag.slice(1, etag.length - suffix.length - 1))
		: Number.NaN;
}

/** @param {Buffer} body @returns {Record<string, unknown>} */
function parsed(body) {
	try {
		return Object(JSON.parse(body.toString()));
	} catch {
		return {}; // nothing in it is as expected, which is what the caller says
	}
}

/** @param {Buffer} body */
function excerpt(body) {
	return JSON.stringify(body.toString().slice(0, 160));
}
