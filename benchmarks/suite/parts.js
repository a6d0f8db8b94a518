// The parts of the benchmark, each of which can be run alone.

import { growth } from "./growth.js";
import { image } from "./image.js";
import { interruptions } from "./interruptions.js";
import { justInTime } from "./just-in-time.js";
import { latency } from "./latency.js";
import { memory } from "./memory.js";
import { polls } from "./polls.js";
import { refresh } from "./refresh.js";
import { rested } from "./rested.js";
import { serving } from "./serving.js";
import { size } from "./size.js";
import { start } from "./start.js";

/**
 * How much is done: rounds of each comparison, seconds of load in a turn, and seconds of the long load.
 * @typedef {{ folder: string, rounds: number, seconds: number, loadSeconds: number }} Extent
 */

/** A line of a plot. @typedef {{ name: string, points: [x: number, y: number][] }} Series */

/**
 * What a part found, and what it did without because this machine does not have it.
 * @typedef {{ figures: import("./figures.js").Figure[], missing: string[], series?: Series[] }} Found
 */

/** @typedef {(extent: Extent) => Promise<Found>} Part */

/** All parts by the names that `npm run bench` takes, in the order they run in. @type {Readonly<Record<string, Part>>} */
export const PARTS = {
	serving,
	rested,
	latency,
	interruptions,
	start,
	memory,
	polls,
	refresh,
	jit: justInTime,
	growth,
	size,
	image,
};
