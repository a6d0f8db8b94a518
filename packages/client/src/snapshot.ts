import { badResponse, parseJson, readText } from "./body.js";
import { Deadline, type Limits } from "./deadline.js";
import { type Connection, exchange } from "./exchange.js";
import { isPacked, type PackedSecrets } from "./shapes.js";

/** All secrets, and which revision they are. */
export interface Snapshot {
	/** The revision as `ETag` carries it, without the quotes. */
	readonly tag: string;
	readonly secrets: PackedSecrets;
}

/** How to ask for a snapshot. */
export interface SnapshotWish {
	/** Asks only for another revision than this one. */
	readonly notTag?: string | undefined;
	/** How long the agent may wait for one. */
	readonly waitSeconds?: number;
}

/** Added to the time the agent was asked to wait. */
const PATIENCE_MS = 10_000;

/** Reads all secrets with their revision; undefined where it is the one that is not wanted. */
export async function readSnapshot(
	connection: Connection,
	limits: Limits,
	{ notTag, waitSeconds = 0 }: SnapshotWish,
): Promise<Snapshot | undefined> {
	const deadline = new Deadline(limits);
	try {
		const limitMs = waitSeconds * 1000 + PATIENCE_MS;
		deadline.limit(limitMs, `The agent did not answer within ${limitMs} ms; see its log.`);
		const request = {
			path: waitSeconds === 0 ? "/v1/secrets" : `/v1/secrets?wait=${waitSeconds}`,
			subject: "The list of secrets",
			...(notTag !== undefined && { headers: { "if-none-match": `"${notTag}"` } }),
		};
		const response = await exchange(connection, request, deadline);
		if (response.status === 304) return undefined;
		const tag = /^"([^"]+)"$/.exec(response.headers.get("etag") ?? "")?.[1];
		if (tag === undefined) throw badResponse("names no revision; check that it is a clef-agent that answers");
		return { tag, secrets: parseJson(await readText(response, deadline, connection.maxBytes), isPacked) };
	} finally {
		deadline.close();
	}
}
