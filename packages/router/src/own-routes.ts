import type { Hono } from "hono";
import type { Routes } from "./routes.js";

/** What answers, whichever way a request came in. */
export type Answering = Pick<Routes, "answer">;

/** What each of our routers was made of, and how many routes that made. */
const made = new WeakMap<Hono, { readonly routes: Answering; readonly count: number }>();

/** Remembers a router as it was made. */
export function rememberRoutes(router: Hono, routes: Answering): void {
	made.set(router, { routes, count: router.routes.length });
}

/** The routes of a router that has ours and nothing else, so that nobody reads more of a request than they do. */
export function ownRoutes(router: Hono): Answering | undefined {
	const known = made.get(router);
	return known?.count === router.routes.length ? known.routes : undefined;
}
