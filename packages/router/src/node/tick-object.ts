import { executionAsyncResource } from "node:async_hooks";
import type { Server } from "node:http";

const kept = new WeakMap<Server, object>();

/**
 * Keeps one object of those that Node makes for each `process.nextTick()`, for as long as the server lives.
 *
 * V8 forgets the shape of objects of which none is left, and a server that rests has none of these. The first full
 * collection then makes each later `nextTick()`, of which a request takes several, more than twice as slow for good
 * (docs/decisions/0014).
 */
export function keepTickObject(server: Server): void {
	process.nextTick(() => kept.set(server, executionAsyncResource()));
}
