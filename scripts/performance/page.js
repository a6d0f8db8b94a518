// docs/performance.md and its plots, made from the committed results of `npm run bench`.

import {
	figureText,
	holds,
	ratioOf,
	spreadOf,
	spreadText,
	targetText,
} from "../../benchmarks/suite/figures.js";
import { table } from "../docs/table.js";
import { linePlot, ratioPlot } from "./plot.js";
import { committedResults } from "./results.js";
import { SECTIONS } from "./sections.js";

/** @typedef {import("../../benchmarks/suite/figures.js").Figure} Figure */
/** @typedef {import("./results.js").Result} Result */
/** @typedef {import("./sections.js").Section} Section */

const PAGE = "docs/performance.md";

/**
 * The page and the pictures in it by their paths, or why they cannot be made.
 * @returns {{ files: [path: string, text: string][] } | { problem: string }}
 */
export function performanceFiles() {
	const committed = committedResults(SECTIONS.map(({ part }) => part));
	if ("problem" in committed) return committed;
	const { results } = committed;
	const sections = results.map((result, index) => ({
		result,
		section: /** @type {Section} */ (SECTIONS[index]),
	}));
	const text = [introduction(results), ...sections.map(sectionText)].join("\n");
	return { files: [[PAGE, text], ...sections.flatMap(pictures)] };
}

/** @param {readonly Result[]} results */
function introduction(results) {
	const [{ machine }] = /** @type {[Result]} */ (results);
	const judged = results.flatMap(({ figures }) => figures.flatMap(judgements));
	const held = judged.filter(({ isHeld }) => isHeld).length;
	const missing = [...new Set(results.flatMap((result) => result.missing))];
	return `<!-- Made by \`npm run docs:performance\` from benchmarks/results/*.json, which \`npm run bench\` writes. -->

# Performance

Ratios of what ran by turns in one run, as the median of all turns (lowest to highest): what a machine does in a second
says little about another one. Where load is served, everything that is compared lives at the same time, and each gets a
turn of a second right after the other, in several rounds of fresh processes: this machine, which others use as well, can
be half as fast from one moment to the next. The same thing measured twice ("again") tells how much a difference means.
**${held} of ${judged.length} targets hold** here; targets are aims, and no test fails for one. Raw values:
[benchmarks/results](../benchmarks/results).

${machineTable(machine)}
Load and server share these cores.${missing.length === 0 ? "" : ` Not measured, for want of it: ${missing.join("; ")}.`}
`;
}

/** @param {Result["machine"]} machine */
function machineTable({ cpu, cores, memoryGiB, kernel, architecture, node }) {
	return table(
		["processor", "cores", "memory", "kernel", "architecture", "Node.js"],
		[[cpu, String(cores), `${memoryGiB} GiB`, kernel, architecture, node]],
	);
}

/** @param {{ section: Section, result: Result }} measured */
function sectionText({ section, result }) {
	const { part, title, text, lines } = section;
	const [aimed, others] = [result.figures.filter(isAimed), result.figures.filter((each) => !isAimed(each))];
	const plots = [
		...(result.figures.some(isRatio) ? [`![Ratios and their targets](images/performance-${part}.svg)`] : []),
		...(lines === undefined ? [] : [`![${lines.title}](images/performance-${part}-lines.svg)`]),
	];
	const rest =
		others.length === 0
			? []
			: [`<details><summary>Without a target</summary>\n\n${figureTable(others)}\n</details>\n`];
	const extent = `${result.settings.rounds} rounds, ${result.settings.seconds} s of load in a turn.`;
	const pictured = plots.length === 0 ? [] : [`${plots.join("\n\n")}\n`];
	const tables = aimed.length === 0 ? [figureTable(others)] : [figureTable(aimed), ...pictured, ...rest];
	return [`## ${title}\n`, `${text} ${extent}\n`, ...tables].join("\n");
}

/** @param {Figure} figure */
function isRatio({ reference }) {
	return reference !== undefined;
}

/** @param {Figure} figure */
function isAimed({ targets = [] }) {
	return targets.length > 0;
}

/** @param {readonly Figure[]} figures */
function figureTable(figures) {
	const rows = figures.map((figure) => [
		figure.what,
		figure.measure,
		figure.subject,
		figure.reference ?? "",
		valueText(figure),
		judgements(figure)
			.map(({ text, isHeld }) => `${text}: ${isHeld ? "holds" : "**does not hold**"}`)
			.join("; "),
	]);
	return table(["what", "measure", "measured", "beside", "ratio", "target"], rows);
}

/** @param {Figure} figure */
function valueText(figure) {
	const itself = `itself ${spreadText(spreadOf(figure.values.subject))} ${figure.unit}`;
	if (figure.reference === undefined) return itself;
	const isJudgedItself = figure.targets?.some(({ of }) => of === "value");
	return `${spreadText(ratioOf(figure))}${isJudgedItself ? `; ${itself}` : ""}`;
}

/** @param {Figure} figure */
function judgements(figure) {
	return (figure.targets ?? []).map((target) => ({
		text: targetText(figure, target),
		isHeld: holds(figure, target),
	}));
}

/** @param {{ section: Section, result: Result }} measured @returns {[path: string, text: string][]} */
function pictures({ section: { part, title, lines }, result: { figures, series = [] } }) {
	const ratios = figures.filter(isRatio).map(ratioRow);
	/** @type {[string, string][]} */
	const picture =
		ratios.length === 0 ? [] : [[`docs/images/performance-${part}.svg`, ratioPlot(title, ratios)]];
	if (lines === undefined) return picture;
	const spread = lines.x === "percentile" ? series.map(overRarity) : series;
	return [...picture, [`docs/images/performance-${part}-lines.svg`, linePlot(spread, lines)]];
}

/** @param {Figure} figure */
function ratioRow(figure) {
	const targets = (figure.targets ?? [])
		.filter(({ of }) => of === "ratio")
		.map((target) => ({ value: target.atLeast ?? target.atMost ?? 1, holds: holds(figure, target) }));
	const { what, measure, subject, reference } = figure;
	const ratio = ratioOf(figure);
	const label = `${shortened(what)} · ${shortened(measure)} · ${shortened(subject)} / ${shortened(reference ?? "")}`;
	return { label: `${label}  ${figureText(ratio.median)}`, ...ratio, targets };
}

/** What the table beside the plot says in full. @param {string} words */
function shortened(words) {
	return words
		.replace(/^GET |, \d+ connections|, in-process/g, "")
		.replace("requests per second", "req/s")
		.replace("processor time per request", "CPU")
		.replace(/, (?:a new artifact of .*|one after the other.*)/, "…")
		.replace(/, half of its saturation| at half of its saturation|, same rate/, "")
		.replace(/bare floor on Node (\d+)[.\d]*/, "floor $1");
}

/** Each further digit of a percentile is as far as the one before. @param {import("./results.js").Series} series */
function overRarity({ name, points }) {
	return {
		name,
		points: points.map(
			([percentile, ms]) => /** @type {[number, number]} */ ([100 / (100 - percentile), ms]),
		),
	};
}
