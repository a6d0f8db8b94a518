import { AgentError } from "../agent-error.js";
import type { RereadFile } from "./given-text.js";
import { Reading } from "./reading.js";
import { TOKEN } from "./serving-variables.js";

const SHORTEST_QUIET_TOKEN = 16;

/** The token to ask for, or the file to write a generated one to; neither means: generate one. */
export interface TokenChoice {
	readonly token?: string;
	/** Path of a file that did not exist; must be created exclusively, mode 0600. */
	readonly tokenFile?: string;
	/** The file's present token; rejects with an `AgentError` that says what is wrong with it. */
	readonly rereadToken?: () => Promise<string>;
}

/** Reads the token's two variables; a file that does not exist is a wish, not a mistake. */
export function chooseToken(reading: Reading, rereadFile: RereadFile): TokenChoice {
	if (reading.isEmpty(TOKEN)) {
		reading.problems.push("CLEF_AGENT_TOKEN is empty; set a token, or unset it to have one generated.");
		return {};
	}
	const given = reading.given(TOKEN);
	const rereadToken = rereadingToken(reading.filePath(TOKEN), rereadFile);
	if (given.kind === "missing file") return { tokenFile: given.path, ...rereadToken };
	const token = reading.value(TOKEN);
	if (token === undefined) return {};
	if (token.length < SHORTEST_QUIET_TOKEN) {
		reading.warnings.push(
			`CLEF_AGENT_TOKEN is shorter than ${SHORTEST_QUIET_TOKEN} characters; use a longer one.`,
		);
	}
	return { token, ...rereadToken };
}

/** What the file holds later must pass the same checks as what it held at the start. */
function rereadingToken(path: string | undefined, rereadFile: RereadFile): Pick<TokenChoice, "rereadToken"> {
	if (path === undefined) return {};
	return {
		async rereadToken() {
			const text = await textOf(path, rereadFile);
			const later = new Reading({ CLEF_AGENT_TOKEN_FILE: path }, () => text);
			const token = later.value(TOKEN);
			if (token === undefined) throw new AgentError(later.problems);
			return token;
		},
	};
}

async function textOf(path: string, rereadFile: RereadFile): Promise<string> {
	try {
		return await rereadFile(path);
	} catch (error) {
		const reading = new Reading({ CLEF_AGENT_TOKEN_FILE: path }, () => {
			throw error;
		});
		reading.value(TOKEN);
		throw new AgentError(reading.problems);
	}
}
