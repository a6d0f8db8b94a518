import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Part, part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

/** Debian's libfaketime, which gives a process clocks of its own. */
export const faketime: Part = part("faketime");

const ATTEMPTS = 5;

/** The clocks of a process that was started with {@link env}. */
export interface SteeredClock {
	readonly env: Readonly<Record<string, string>>;
	/** What the process takes for the present, epoch milliseconds. */
	readonly now: () => number;
	/** Lets this much time pass for the process at once. */
	leap(ms: number): void;
}

/** Which clocks are steered: a paused virtual machine finds only the wall clock changed. */
export type SteeredClocks = "all" | "wall";

/** Starts with the machine's own time, `aheadMs` ahead of it. */
export function steeredClock(clocks: SteeredClocks, aheadMs = 0): SteeredClock {
	const file = join(temporaryFolder(), "offset");
	let offsetMs = 0;
	const leap = (ms: number): void => {
		offsetMs += ms;
		writeFileSync(file, `${offsetMs < 0 ? "" : "+"}${offsetMs / 1000}`);
	};
	leap(aheadMs);
	return {
		env: {
			LD_PRELOAD: libraryPath(),
			FAKETIME_TIMESTAMP_FILE: file,
			FAKETIME_NO_CACHE: "1",
			...(clocks === "wall" && { FAKETIME_DONT_FAKE_MONOTONIC: "1" }),
		},
		now: () => Date.now() + offsetMs,
		leap,
	};
}

/** Clocks that run this many times as fast as the machine's. */
export function fastClock(factor: number): Readonly<Record<string, string>> {
	return { LD_PRELOAD: libraryPath(), FAKETIME: `+0 x${factor}` };
}

let found: string | undefined;

function libraryPath(): string {
	found ??= askWrapper(ATTEMPTS);
	return found;
}

/**
 * The wrapper names a semaphore after the number of its process, and fails where a killed process of that number has left
 * one behind; the next has another number.
 */
function askWrapper(attempts: number): string {
	try {
		return execFileSync("faketime", ["-f", "+0", "printenv", "LD_PRELOAD"], { encoding: "utf8" }).trim();
	} catch (error) {
		if (attempts <= 1) throw error;
		return askWrapper(attempts - 1);
	}
}
