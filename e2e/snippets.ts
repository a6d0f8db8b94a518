// What the pages hold, and how they are checked, for tests: the one way from here to the scripts that do it.

// @boundaries-ignore what scripts are made of is tested here too
export { unknownScripts } from "../scripts/docs/page-checks.js";
// @boundaries-ignore what scripts are made of is tested here too
export { ERROR_CODES } from "../scripts/error-codes.js";
// @boundaries-ignore what scripts are made of is tested here too
export { snippetProblems, snippetsFor } from "../scripts/snippets/check.js";
// @boundaries-ignore what scripts are made of is tested here too
export type { Snippet } from "../scripts/snippets/read.js";
// @boundaries-ignore what scripts are made of is tested here too
export { pageNames, snippetsIn } from "../scripts/snippets/read.js";
// @boundaries-ignore what scripts are made of is tested here too
export { RULES, TESTS } from "../scripts/snippets/rules.js";
