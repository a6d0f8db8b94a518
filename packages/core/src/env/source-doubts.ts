import type { SourceOptions } from "@clef-sh/sources";
import { hasCredential } from "./vcs-choice.js";

/**
 * What works with this source, but perhaps not as meant: one sentence each, safe to log.
 *
 * @param verified whether artifacts are authenticated.
 */
export function doubtsAbout(source: SourceOptions, verified: boolean): readonly string[] {
	const place = plaintextPlace(source);
	const doubts: string[] = [];
	if ("repo" in source && !hasCredential(source)) {
		doubts.push(
			"CLEF_AGENT_VCS_TOKEN is not set: only a public repository can be read, with the few requests that are allowed without a token.",
		);
	}
	if (place?.withCredential) {
		doubts.push(
			`The credential for ${place.variable} is sent unencrypted over http:// to ${place.host}; use https://.`,
		);
	} else if (place !== undefined && !verified) {
		doubts.push(
			`${place.variable} is read over plain http:// from ${place.host}; use https:// or a verify key.`,
		);
	}
	return doubts;
}

/** Where a source is read unencrypted over a network. */
export interface PlaintextPlace {
	/** The variable that names the place. */
	readonly variable: string;
	readonly host: string;
	/** Whether a credential travels along. */
	readonly withCredential: boolean;
}

/** The other machine that a source is read from over plain http; undefined for every other source. */
export function plaintextPlace(source: SourceOptions): PlaintextPlace | undefined {
	if (source.kind === "http") {
		const { username, password } = new URL(source.url);
		return plaintext("CLEF_AGENT_SOURCE", source.url, Boolean(source.token || username || password));
	}
	if (!("repo" in source) || source.apiUrl === undefined) return undefined;
	return plaintext("CLEF_AGENT_VCS_API_URL", source.apiUrl, hasCredential(source));
}

function plaintext(variable: string, url: string, withCredential: boolean): PlaintextPlace | undefined {
	const { protocol, hostname } = new URL(url);
	if (protocol !== "http:" || isLoopback(hostname)) return undefined;
	return { variable, host: hostname, withCredential };
}

function isLoopback(hostname: string): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
