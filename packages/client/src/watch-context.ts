import type { ChangeTracker } from "./change.js";
import type { Limits } from "./deadline.js";
import type { Connection } from "./exchange.js";

/** What both ways of watching need. */
export interface WatchContext {
	readonly connection: Connection;
	readonly limits: Limits;
	readonly tracker: ChangeTracker;
	readonly random: () => number;
}
