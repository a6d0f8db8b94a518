import { createSource, type SourceOptions } from "@clef-sh/sources";
import type { Reading } from "./reading.js";
import { MAX_ARTIFACT_BYTES, SOURCE, SOURCE_TOKEN } from "./source-variables.js";
import { sentenceOf } from "./value-schema.js";
import { isVcsGiven } from "./vcs-choice.js";

/** The one source that an environment names; undefined when it names none or two, or names it wrongly. */
export function chooseSource(reading: Reading): SourceOptions | undefined {
	const maxBytes = reading.value(MAX_ARTIFACT_BYTES);
	const token = reading.value(SOURCE_TOKEN);
	const vcs = isVcsGiven(reading);
	if (!reading.isGiven(SOURCE)) {
		if (!vcs)
			reading.problems.push("CLEF_AGENT_SOURCE is not set: give the path or URL of a packed artifact.");
		return undefined;
	}
	if (vcs) {
		reading.problems.push("CLEF_AGENT_SOURCE and CLEF_AGENT_VCS_* are both set; keep one of them.");
	}
	const located = reading.value(SOURCE);
	if (located === undefined) return undefined;
	if (token !== undefined && located.kind !== "http") {
		reading.problems.push(
			"CLEF_AGENT_SOURCE_TOKEN is set, but CLEF_AGENT_SOURCE is not an http(s) URL; unset one.",
		);
	}
	return usable(reading, { ...located, ...(maxBytes && { maxBytes }), ...(token && { token }) });
}

/** Where a source is read unencrypted over a network. */
export interface PlaintextPlace {
	readonly host: string;
	/** Whether a credential travels along. */
	readonly withCredential: boolean;
}

/** The other machine that a source is read from over plain http; undefined for every other source. */
export function plaintextPlace(source: SourceOptions): PlaintextPlace | undefined {
	if (source.kind !== "http") return undefined;
	const { protocol, hostname, username, password } = new URL(source.url);
	if (protocol !== "http:" || isLoopback(hostname)) return undefined;
	return { host: hostname, withCredential: Boolean(source.token || username || password) };
}

/** The options, unless no source can be made of them; making one reads nothing. */
function usable(reading: Reading, options: SourceOptions): SourceOptions | undefined {
	try {
		createSource(options);
		return options;
	} catch (error) {
		reading.problems.push(`CLEF_AGENT_SOURCE is not usable: ${sentenceOf(error)}.`);
		return undefined;
	}
}

function isLoopback(hostname: string): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
