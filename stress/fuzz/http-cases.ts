import { mutateBytes } from "./byte-mutations.js";
import { Dice } from "./dice.js";
import { mutateRequest } from "./request-mutations.js";
import type { Entitlement } from "./strict-http.js";

/** A request before it is written. */
export interface RequestParts {
	method: string;
	target: string;
	version: string;
	readonly headers: [name: string, value: string][];
	body: string;
}

/** What one connection sends, and how. */
export interface Visit {
	/** How many requests are in it. */
	readonly requests: number;
	/** What is sent, piece by piece. */
	readonly pieces: readonly Buffer[];
	/** Whether the connection is dropped at the end, instead of being read until the server closes it. */
	readonly drops: boolean;
}

const TARGETS = [
	"/v1/secrets",
	"/v1/secrets",
	"/v1/secrets",
	"/v1/secrets?format=flat",
	"/v1/secrets/PASSWORD",
	"/v1/secrets/web/TOKEN",
	"/v1/secrets/web__TOKEN",
	"/v1/secrets/odd%2Fname%20%25",
	"/v1/secrets/nothing",
	"/v1/keys",
	"/v1/health",
	"/v1/ready",
	"/",
];

const OPTIONAL_HEADERS: readonly (readonly [string, string])[] = [
	["Accept", "text/plain"],
	["Accept", "application/json"],
	["If-None-Match", '"r1"'],
	["If-None-Match", "*"],
	["User-Agent", "fuzz"],
	["Sec-Fetch-Site", "none"],
	["Connection", "keep-alive"],
	["Range", "bytes=0-1"],
];

/** HTTP has marks of its own. */
const TOKENS = [
	"\r\n",
	"\n",
	"\r",
	"\r\n\r\n",
	"\0",
	" ",
	"\t",
	":",
	"\r\n ",
	",",
	"HTTP/1.1",
	"Host: a",
	"%00",
];

/**
 * The connection with this number: most requests on it mutated by the rules of HTTP, the last perhaps without.
 *
 * It follows from the run's seed and the agent's port, which stands in Host headers.
 */
export function visitCase(entitlement: Entitlement, runSeed: number, index: number): Visit {
	const dice = Dice.forCase(runSeed, index);
	const count = 1 + dice.below(6);
	const requests = Array.from({ length: count }, () => writeRequest(mutated(entitlement, dice)));
	if (dice.chance(0.5)) requests.push(damaged(writeRequest(mutated(entitlement, dice)), dice, entitlement));
	const bytes = Buffer.concat(requests);
	return { requests: requests.length, pieces: piecesOf(bytes, dice), drops: dice.chance(0.1) };
}

/** A request that the contract has an answer for; nine in ten have the token. */
function genuineRequest({ token, port }: Entitlement, dice: Dice): RequestParts {
	const headers: [string, string][] = [["Host", dice.pick([`127.0.0.1:${port}`, "localhost", "127.0.0.1"])]];
	if (dice.chance(0.9)) headers.push(["Authorization", `Bearer ${token}`]);
	for (const [name, value] of OPTIONAL_HEADERS) if (dice.chance(0.08)) headers.push([name, value]);
	const method = dice.chance(0.9) ? "GET" : "HEAD";
	return { method, target: dice.pick(TARGETS), version: "HTTP/1.1", headers, body: "" };
}

function mutated(entitlement: Entitlement, dice: Dice): RequestParts {
	const parts = genuineRequest(entitlement, dice);
	const times = dice.pick([1, 1, 1, 2, 3]);
	for (let count = 0; count < times; count += 1) mutateRequest(parts, entitlement, dice);
	return parts;
}

function writeRequest({ method, target, version, headers, body }: RequestParts): Buffer {
	const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	return Buffer.from(`${method} ${target} ${version}\r\n${lines}\r\n${body}`, "latin1");
}

function damaged(request: Buffer, dice: Dice, entitlement: Entitlement): Buffer {
	const times = dice.pick([1, 1, 2, 4]);
	const donor = writeRequest(genuineRequest(entitlement, dice));
	let bytes = request;
	for (let count = 0; count < times; count += 1) {
		bytes = dice.chance(0.5) ? mutateBytes(bytes, dice, donor) : withToken(bytes, dice);
	}
	return bytes;
}

function withToken(bytes: Buffer, dice: Dice): Buffer {
	const at = dice.below(bytes.length + 1);
	return Buffer.concat([
		bytes.subarray(0, at),
		Buffer.from(dice.pick(TOKENS), "latin1"),
		bytes.subarray(at + (dice.chance(0.3) ? 1 : 0)),
	]);
}

/** Most go out in one piece; some arrive cut up. */
function piecesOf(bytes: Buffer, dice: Dice): readonly Buffer[] {
	if (dice.chance(0.9)) return [bytes];
	const cuts = Array.from({ length: 1 + dice.below(3) }, () => dice.below(bytes.length + 1)).sort(
		(a, b) => a - b,
	);
	return [...cuts, bytes.length].map((cut, index) => bytes.subarray(cuts[index - 1] ?? 0, cut));
}
