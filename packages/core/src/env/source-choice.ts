import { createSource, type SourceOptions, type TokenReading } from "@clef-sh/sources";
import { type RereadFile, rereading } from "./given-text.js";
import type { Reading } from "./reading.js";
import { MAX_ARTIFACT_BYTES, SOURCE, SOURCE_TOKEN } from "./source-variables.js";
import { sentenceOf } from "./value-schema.js";
import { chooseRepository, isVcsGiven } from "./vcs-choice.js";

/** The one source that an environment names; undefined when it names none or two, or names it wrongly. */
export function chooseSource(reading: Reading, rereadFile: RereadFile): SourceOptions | undefined {
	const maxBytes = reading.value(MAX_ARTIFACT_BYTES);
	const token = reading.value(SOURCE_TOKEN);
	const cap = maxBytes && { maxBytes };
	noteChoice(reading, token);
	if (reading.isGiven(SOURCE)) {
		const located = locatedSource(reading, token, rereading(reading.filePath(SOURCE_TOKEN), rereadFile));
		return located && usable(reading, "CLEF_AGENT_SOURCE", { ...located, ...cap });
	}
	const repository = isVcsGiven(reading) ? chooseRepository(reading, rereadFile) : undefined;
	return repository && usable(reading, "The repository in CLEF_AGENT_VCS_*", { ...repository, ...cap });
}

function locatedSource(
	reading: Reading,
	token: string | undefined,
	rereadToken: TokenReading | undefined,
): SourceOptions | undefined {
	const located = reading.value(SOURCE);
	if (located === undefined || token === undefined) return located;
	if (located.kind === "http") return { ...located, token, ...(rereadToken && { rereadToken }) };
	reading.problems.push(
		"CLEF_AGENT_SOURCE_TOKEN is set, but CLEF_AGENT_SOURCE is not an http(s) URL that takes one; unset one.",
	);
	return undefined;
}

function noteChoice(reading: Reading, token: string | undefined): void {
	const [source, vcs] = [reading.isGiven(SOURCE), isVcsGiven(reading)];
	if (source && vcs) {
		reading.problems.push("CLEF_AGENT_SOURCE and CLEF_AGENT_VCS_* are both set; keep one of them.");
	} else if (vcs && token !== undefined) {
		reading.problems.push(
			"CLEF_AGENT_SOURCE_TOKEN is for an http(s) source; the repository's is CLEF_AGENT_VCS_TOKEN.",
		);
	} else if (!source && !vcs) {
		reading.problems.push(
			"CLEF_AGENT_SOURCE is not set: give the path or URL of a packed artifact, or CLEF_AGENT_VCS_*.",
		);
	}
}

/** The options, unless no source can be made of them; making one reads nothing. */
function usable(reading: Reading, name: string, options: SourceOptions): SourceOptions | undefined {
	try {
		createSource(options);
		return options;
	} catch (error) {
		reading.problems.push(`${name} is not usable: ${sentenceOf(error)}.`);
		return undefined;
	}
}
