import { setImmediate as nextTurn } from "node:timers/promises";
import { RunRecord } from "./run-record.js";

/** What is run: cases that follow from a seed and their number, and what is said of each. */
export interface Cases<T> {
	/** What the record is called. */
	readonly name: string;
	/** After so many of them the engine has compiled what it will compile, and memory is measured. */
	readonly warmUp: number;
	readonly make: (seed: number, index: number) => T;
	readonly bytesOf: (sample: T) => Buffer;
	/** Throws what is wrong; what it gives back is counted. */
	readonly judge: (sample: T) => string | Promise<string>;
}

/** The runner wants to hear from its worker now and then. */
const CASES_PER_TURN = 1_000;
const CASES_PER_MEASUREMENT = 100;

/** Judges so many cases one after the other; where one fails, the error names it. */
export async function runCases<T>(cases: Cases<T>, seed: number, count: number): Promise<RunRecord> {
	const { name, warmUp, make, bytesOf, judge } = cases;
	const record = new RunRecord(name, seed);
	for (let index = 0; index < count; index += 1) {
		const sample = make(seed, index);
		try {
			const outcome = judge(sample);
			// Awaited only where it must be: most cases take microseconds.
			record.add(typeof outcome === "string" ? outcome : await outcome, bytesOf(sample));
		} catch (error) {
			throw record.failure(index, bytesOf(sample), error);
		}
		if (index % CASES_PER_TURN === 0) await nextTurn();
		if (index >= warmUp && index % CASES_PER_MEASUREMENT === 0) record.measure();
	}
	return record;
}
