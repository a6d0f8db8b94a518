// Each attack on the list must have a unit test and a test of the built command with its number in the title. This
// checks the tests, and then checks the check: gaps made on purpose must be found.

import { collectTitles, coverageProblems, titlesOf } from "./attacks/coverage.js";
import { numberedTitles } from "./attacks/titles.js";
import { ATTACKS } from "./attacks.js";

/** @typedef {import("./attacks/coverage.js").NumberedTitle} NumberedTitle */
/** @typedef {import("./attacks/coverage.js").TestKind} TestKind */

/**
 * Sources, and the numbers that their titles name.
 * @type {readonly { title: string, source: string, numbers: string }[]}
 */
const READINGS = [
	{ title: "a title", source: 'it("A1 refuses", () => {});', numbers: "A1" },
	{ title: "several numbers", source: "describe('A1 A2, T17 all', () => {});", numbers: "A1 A2 T17" },
	{ title: "a template", source: "it(`$" + '{fault(`x`, "A2")} is refused (T27)`, test);', numbers: "T27" },
	{ title: "a number inside", source: 'test.each([1])("refuses %i (A3)", test);', numbers: "A3" },
	{ title: "a row of a table", source: 'it.each([["A5 unsigned", 1]])("%s", test);', numbers: "A5" },
	{
		title: "a title after an expression",
		source: 'it(text.replace(/["`]/g, ""), a); it("A6", b);',
		numbers: "A6",
	},
	{ title: "a line of comment", source: '// it("A1 refuses")\nit("x", test); // "A2"', numbers: "" },
	{ title: "a block of comment", source: '/* it("A1 refuses") */ it("x", test);', numbers: "" },
	{ title: "text elsewhere", source: 'it("x", () => f("see A1", "/v1/%C3%A9", "T12:00:00Z"));', numbers: "" },
	{ title: "a skipped test", source: 'it.skip("A1 refuses", test);', numbers: "" },
	{ title: "a test to do", source: 'it.todo("A1 refuses");', numbers: "" },
	{ title: "a skipped table", source: 'it.skip.each([["A5 x"]])("%s A6", test);', numbers: "" },
	{ title: "a skipped suite", source: 'describe.skip("x", () => { it("A1 refuses", test); });', numbers: "" },
];

const titles = collectTitles();
const built = ATTACKS.filter(({ notBuilt }) => notBuilt === undefined);
report();
const missed = [...misreadings(), ...missedGaps(), ...missedPlants()];
const problems = [...coverageProblems(ATTACKS, titles), ...missed];
for (const problem of problems) console.error(problem);
console.log(
	problems.length === 0
		? `${built.length} of ${ATTACKS.length} attacks are covered, the rest not built; ${READINGS.length} planted titles were all read right`
		: `${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

function report() {
	console.log("attack  unit  built command  long run");
	for (const { number, notBuilt } of ATTACKS) {
		const [unit, command, long] = /** @type {const} */ (["unit", "built command", "long run"]).map((kind) =>
			String(titlesOf(titles, number, kind).length),
		);
		const note = notBuilt === undefined ? "" : `  not built: ${notBuilt}`;
		console.log(
			`${number.padEnd(6)}  ${unit?.padStart(4)}  ${command?.padStart(13)}  ${long?.padStart(8)}${note}`,
		);
	}
}

/** @returns {string[]} */
function misreadings() {
	return READINGS.flatMap(({ title, source, numbers }) => {
		const read = numberedTitles(source).flat().join(" ");
		return read === numbers ? [] : [`the attack check reads "${read}" in ${title}, not "${numbers}"`];
	});
}

/** @returns {string[]} */
function missedGaps() {
	return built.flatMap(({ number }) =>
		/** @type {const} */ (["unit", "built command"])
			.filter((kind) => {
				const left = titles.filter((title) => title.number !== number || title.kind !== kind);
				const whole = [...left, planted(number, kind)];
				return gaps(left, number, kind) !== 1 || gaps(whole, number, kind) !== 0;
			})
			.map((kind) => `the attack check does not find that ${number} lacks: ${kind}`),
	);
}

/** @returns {string[]} */
function missedPlants() {
	const unbuilt = ATTACKS.filter(({ notBuilt }) => notBuilt !== undefined).map(({ number }) => number);
	return ["A77", ...unbuilt]
		.filter((number) => {
			const left = titles.filter((title) => title.number !== number);
			const found = coverageProblems(ATTACKS, [...left, planted(number, "built command")]);
			return found.length !== coverageProblems(ATTACKS, left).length + 1;
		})
		.map((number) => `the attack check does not find a ${number} that must not be there`);
}

/** @param {readonly NumberedTitle[]} given @param {string} number @param {TestKind} kind */
function gaps(given, number, kind) {
	const sentence =
		kind === "unit" ? `${number} has no unit test` : `${number} has no test of the built command`;
	return coverageProblems(ATTACKS, given).filter((problem) => problem === sentence).length;
}

/** @param {string} number @param {TestKind} kind @returns {NumberedTitle} */
function planted(number, kind) {
	return { number, kind, file: "planted.test.ts" };
}
