import type { Hono } from "hono";

/** How many routes each of our routers had when it was made. */
const madeWith = new WeakMap<Hono, number>();

/** Remembers a router as it was made. */
export function markAsMade(router: Hono): void {
	madeWith.set(router, router.routes.length);
}

/** Whether a router has our routes and nothing else, so that nobody reads more of a request than we do. */
export function hasOnlyOwnRoutes(router: Hono): boolean {
	return madeWith.get(router) === router.routes.length;
}
