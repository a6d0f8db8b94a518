import type { Reading } from "./reading.js";
import { TOKEN } from "./serving-variables.js";

const SHORTEST_QUIET_TOKEN = 16;

/** The token to ask for, or the file to write a generated one to; neither means: generate one. */
export interface TokenChoice {
	readonly token?: string;
	/** Path of a file that did not exist; must be created exclusively, mode 0600. */
	readonly tokenFile?: string;
}

/** Reads the token's two variables; a file that does not exist is a wish, not a mistake. */
export function chooseToken(reading: Reading): TokenChoice {
	if (reading.isEmpty(TOKEN)) {
		reading.problems.push("CLEF_AGENT_TOKEN is empty; set a token, or unset it to have one generated.");
		return {};
	}
	const given = reading.given(TOKEN);
	if (given.kind === "missing file") return { tokenFile: given.path };
	const token = reading.value(TOKEN);
	if (token === undefined) return {};
	if (token.length < SHORTEST_QUIET_TOKEN) {
		reading.warnings.push(
			`CLEF_AGENT_TOKEN is shorter than ${SHORTEST_QUIET_TOKEN} characters; use a longer one.`,
		);
	}
	return { token };
}
