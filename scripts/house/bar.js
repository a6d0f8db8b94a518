// What the numbers of the code base are held against. They are aims for whoever reads the table, not gates: a file of
// 120 lines that reads well beats three of 40 that do not.

/** Lines of a source file, all of them, at most: half of the files, nine of ten, each. */
export const FILE_LINES = { median: 90, p90: 220, max: 300 };

/** Lines of a function that has a name, from its first word to its closing brace, at most. */
export const FUNCTION_LINES = { median: 8, p90: 28, max: 50 };

/** Lines of test code for each line of code, at least; neither blank lines nor comments count. */
export const TESTS_TO_CODE = 1.7;

/** Percent of the lines that are not blank: fewer comments leave the why out, more of them drown it. */
export const COMMENT_PERCENT = { atLeast: 12, atMost: 22 };

/** Of what there is to be nothing at all in what is delivered. */
export const NONE = 0;
