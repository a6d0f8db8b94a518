import { type Context, Hono } from "hono";
import { deliver } from "./deliver.js";
import { errorReply } from "./error-reply.js";
import { rememberRoutes } from "./own-routes.js";
import { encodedPath } from "./request-target.js";
import { requestOf } from "./route-request.js";
import { RouterError } from "./router-error.js";
import { type RoutedAgent, Routes, type RoutesOptions } from "./routes.js";

/** How to make a router. */
export interface RouterOptions extends Omit<RoutesOptions, "token"> {
	/** The bearer token that opens the secret endpoints; not empty. A function where it may change meanwhile. */
	readonly token: string | (() => string);
}

/**
 * The HTTP API over an agent, as a web-standard Hono application.
 *
 * Throws `RouterError` (`CONFIG_INVALID`) for an empty token.
 */
export function createRouter(agent: RoutedAgent, { token, ...options }: RouterOptions): Hono {
	if (token === "") {
		throw new RouterError("CONFIG_INVALID", "The token is empty; give the router a token to ask for.");
	}
	const routes = new Routes(agent, { ...options, token: typeof token === "string" ? () => token : token });
	const answer = async (c: Context) => deliver(await routes.answer(requestOf(c)), c.env);

	// Undecoded paths, so that an encoded slash stays inside its name and no other spelling of a path works.
	const router = new Hono({ getPath: encodedPath });
	for (const { method, path } of routes.templates) router.on(method, path, answer);
	router.notFound(answer);
	router.onError((error, c) => deliver(errorReply(error), c.env));
	rememberRoutes(router, routes);
	return router;
}
