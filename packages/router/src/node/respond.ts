import type { IncomingMessage, ServerResponse } from "node:http";
import type { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { type Ending, send, toResponse } from "../deliver.js";
import { errorReply } from "../error-reply.js";
import { ownRoutes } from "../own-routes.js";
import type { Reply } from "../reply.js";
import type { RequestHeaders } from "../request-headers.js";
import { NodeRequest } from "./node-request.js";
import { boundUnsent, type StallLimits } from "./stall.js";

/** Answers a request that the guard has let through. */
export type Respond = (
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	headers: RequestHeaders,
	ending: Ending,
) => void;

/**
 * How a router answers Node's requests.
 *
 * Our own routes are asked directly, and answer in the same turn where they can. A router that somebody added to gets
 * whole requests, and may answer with any response.
 */
export function createRespond(router: Hono, asksToken: boolean, limits: StallLimits): Respond {
	const routes = ownRoutes(router);
	if (routes === undefined) {
		const adapted = adapt(router, asksToken);
		return (incoming, outgoing) => {
			outgoing.setTimeout(limits.stallTimeoutMs);
			void adapted.then((listener) => listener(incoming, outgoing));
		};
	}
	return (incoming, outgoing, headers, ending) => {
		const reply = routes.answer(new NodeRequest(incoming, outgoing, headers, asksToken));
		if (!(reply instanceof Promise)) return sendOrCut(reply, incoming, outgoing, ending, limits);
		outgoing.setTimeout(limits.stallTimeoutMs);
		void reply.then((late) => sendOrCut(late, incoming, outgoing, ending, limits));
	};
}

/** A reply that Node refuses to write must not end the process. */
function sendOrCut(
	reply: Reply,
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	ending: Ending,
	limits: StallLimits,
): void {
	try {
		send(reply, incoming, outgoing, ending);
		boundUnsent(outgoing, limits);
	} catch {
		outgoing.destroy();
	}
}

/** Hono's own adapter, which the usual router does without, and so does its start. */
async function adapt(router: Hono, asksToken: boolean): Promise<ReturnType<typeof getRequestListener>> {
	const { getRequestListener } = await import("@hono/node-server");
	const { RESPONSE_ALREADY_SENT: alreadySent } = await import("@hono/node-server/utils/response");
	const fetch = (request: Request, env: object) => router.fetch(request, { ...env, asksToken, alreadySent });
	return getRequestListener(fetch, {
		overrideGlobalObjects: false,
		errorHandler: (error) => toResponse(errorReply(error)),
	});
}
