// docs/configuration.md: the reference of environment variables.

import { table } from "./table.js";

/** @typedef {import("../../packages/core/src/env/index.js").VariableDescription} VariableDescription */

const INTRODUCTION = `<!-- Made by \`npm run docs\` from packages/core/src/env; edit the table there. -->

# Configuration

Everything is configured by environment variables. They are checked once, at the start; all problems are reported
together, one line each, and the process exits 1. No message repeats a value.

- **†** The value may be given in a file instead: set \`NAME_FILE\` to its path. The content is trimmed. Setting
  both is an error, and so is a file that is empty or cannot be read.
- An empty variable counts as unset; only an empty \`CLEF_AGENT_TOKEN\` is an error.
- An unknown \`CLEF_AGENT_*\` name is an error that names the nearest known one. Names that Kubernetes injects for a
  Service called \`clef-agent\` are ignored with a warning.
- **Secret** values are, or may carry, credentials: give them as files where you can.
`;

/**
 * The page, with a row for each variable in the order given.
 * @param {readonly VariableDescription[]} variables
 * @returns {string}
 */
export function configurationPage(variables) {
	return [
		INTRODUCTION,
		table(["variable", "value", "default", "meaning", "secret"], variables.map(row)),
	].join("\n");
}

/** @param {VariableDescription} variable */
function row(variable) {
	return [label(variable), variable.range, variable.default, variable.meaning, variable.secret ? "yes" : ""];
}

/** @param {VariableDescription} variable */
function label({ name, fileAllowed }) {
	return `\`${name}\`${fileAllowed ? " †" : ""}`;
}
