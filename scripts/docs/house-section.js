// The section of docs/architecture.md on how large the code is, and how tested and documented.

import { allTestsToCode, pinnedActions } from "../house/figures.js";
import { allFigures, BAR, HEAD, row } from "../house/tables.js";
import { workspaceParts } from "../house/workspace.js";
import { table } from "./table.js";

/** Left out, because the next column says the same of them that matters. */
const LEFT_OUT = HEAD.indexOf("exports");

/** The section's text. */
export function houseSection() {
	const parts = workspaceParts();
	const rows = [BAR, ...allFigures(parts).map(row)];
	const { all, pinned } = pinnedActions();
	return `${table(shown(HEAD), rows.map(shown))}
Lines: median · nine of ten · most. Public names: over all entry points of a package. Undocumented: exports without a
doc comment. Casts: \`as\`, except \`as const\`. Forbidden: \`any\`, \`!\`, plain \`Error\`s and empty catches. Twice: blocks
of six or more lines that are somewhere else in the same row as well. With end-to-end tests, long runs and what tests
are made of, there are ${allTestsToCode(parts).toFixed(1)} lines of tests for each that is delivered. ${pinned} of ${all} actions in workflows are pinned to a
commit.
`;
}

/** @param {readonly string[]} cells */
function shown(cells) {
	return cells.filter((_, column) => column !== LEFT_OUT);
}
