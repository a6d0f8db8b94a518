import type { ServerResponse } from "node:http";
import { writeReply } from "../deliver.js";
import type { Reply } from "../reply.js";
import type { ListenLimits } from "./limits.js";

/** For how long nothing may move on a connection. */
export type StallLimits = Pick<ListenLimits, "stallTimeoutMs">;

/** Writes a reply, whose client must take it within the stall limit. */
export function writeBounded(reply: Reply, outgoing: ServerResponse, limits: StallLimits): void {
	writeReply(reply, outgoing);
	boundUnsent(outgoing, limits);
}

/**
 * Lets the connection go when nothing moves on it for too long, while some of the response is still here. Almost always
 * the system has taken all of it by then: a timer for each response would cost more than many a check before it.
 */
export function boundUnsent(outgoing: ServerResponse, { stallTimeoutMs }: StallLimits): void {
	if (outgoing.writableLength > 0) outgoing.setTimeout(stallTimeoutMs);
}
