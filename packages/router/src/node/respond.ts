import type { IncomingMessage, ServerResponse } from "node:http";
import type { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { deliver, toResponse } from "../deliver.js";
import { errorReply } from "../error-reply.js";
import type { Entrance, NodeBindings } from "../node-bindings.js";
import { hasOnlyOwnRoutes } from "../own-routes.js";
import type { RequestHeaders } from "../request-headers.js";

/** Answers a request that the guard has let through. */
export type Respond = (incoming: IncomingMessage, outgoing: ServerResponse, headers: RequestHeaders) => void;

/**
 * How a router answers Node's requests.
 *
 * Our own routes read the method, the target and some headers, and write their replies themselves; they get just that.
 * A router that somebody added to gets whole requests, and may answer with any response.
 */
export function createRespond(router: Hono, entrance: Entrance): Respond {
	if (hasOnlyOwnRoutes(router)) {
		return (incoming, outgoing, headers) =>
			void respondDirectly(router, { incoming, outgoing, entrance, alreadySent: NOTHING_TO_DO }, headers);
	}
	const adapted = adapt(router, entrance);
	return (incoming, outgoing) => void adapted.then((listener) => listener(incoming, outgoing));
}

/** In place of a response where nobody looks at it: Node loads what makes real ones when it is first asked for it. */
const NOTHING_TO_DO = Object.freeze({}) as Response;

/** Hono's own adapter, which the usual router does without, and so does its start. */
async function adapt(router: Hono, entrance: Entrance): Promise<ReturnType<typeof getRequestListener>> {
	const { getRequestListener } = await import("@hono/node-server");
	const { RESPONSE_ALREADY_SENT: alreadySent } = await import("@hono/node-server/utils/response");
	const fetch = (request: Request, env: object) => router.fetch(request, { ...env, entrance, alreadySent });
	return getRequestListener(fetch, {
		overrideGlobalObjects: false,
		errorHandler: (error) => toResponse(errorReply(error)),
	});
}

async function respondDirectly(router: Hono, bindings: NodeBindings, headers: RequestHeaders): Promise<void> {
	const { incoming, outgoing } = bindings;
	// Whatever the host, it must not become a part of the path.
	const url = `http://localhost${incoming.url}`;
	const request: ReadRequest = { method: incoming.method ?? "", url, headers };
	try {
		await router.fetch(request as unknown as Request, bindings);
	} catch (error) {
		// What is thrown and is no `Error` passes Hono by.
		if (outgoing.headersSent) outgoing.destroy();
		else deliver(errorReply(error), bindings);
	}
}

/** All that our routes, and Hono on the way to them, read of a request. */
interface ReadRequest {
	readonly method: string;
	readonly url: string;
	readonly headers: RequestHeaders;
}
