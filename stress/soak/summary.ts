import type { SoakResult } from "./run.js";

/** The middle of some numbers; NaN of none. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
	return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** The `index`th of ten equal parts, counted from 0. */
export function tenth<T>(samples: readonly T[], index: number): readonly T[] {
	const at = (part: number) => Math.round((part * samples.length) / 10);
	return samples.slice(at(index), at(index + 1));
}

/** How many requests were answered. */
function total({ tally }: SoakResult): number {
	return Object.values(tally.requests).reduce((sum, count) => sum + count, 0);
}

/** What one soak measured, for people: one line per subject. */
export function summary(title: string, result: SoakResult): string {
	const { abandoned, exit, rotationMs, seconds, tally, usage } = result;
	const served = rotationMs.filter((ms) => ms !== undefined);
	const rss = usage.map(({ rssMib }) => rssMib);
	const descriptors = usage.map(({ descriptors }) => descriptors);
	const routes = Object.entries(tally.requests).map(([route, count]) => `${route} ${count}`);
	const memory = [rss[0], Math.max(...rss)].map(fixed);
	const inTenth = (index: number) =>
		`${fixed(Math.min(...tenth(rss, index)))} (median ${fixed(median(tenth(rss, index)))})`;
	const lines = [
		`soak, ${title}: ${seconds.toFixed(0)} s under load`,
		`requests: ${total(result)} (${(total(result) / seconds).toFixed(0)}/s): ${routes.join(", ")}`,
		`rotations: ${rotationMs.length}, of which ${served.length} were seen served`,
		`errors: ${tally.failures}`,
		`put to first served: median ${fixed(median(served))} ms, max ${fixed(Math.max(...served))} ms`,
		`RSS: start ${memory[0]}, least of the 2nd tenth ${inTenth(1)}, of the last ${inTenth(9)}, max ${memory[1]} MiB`,
		`descriptors: start ${descriptors[0]}, end ${descriptors.at(-1)}, max ${Math.max(...descriptors)}`,
		`SIGTERM under load: status ${exit.status} after ${fixed(exit.afterMs)} ms; ` +
			`of the requests sent before it ${abandoned} got no answer, ` +
			`of those after it ${tally.unansweredSentMs.length - abandoned}`,
	];
	return lines.join("\n  ");
}

function fixed(value: number | undefined): string {
	return value === undefined || !Number.isFinite(value) ? "unknown" : value.toFixed(1);
}
