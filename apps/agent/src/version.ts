/** Replaced by the bundler with the version in package.json; absent when the sources run directly. */
declare const CLEF_AGENT_VERSION: string | undefined;

/** The version of this command. */
export const version: string =
	typeof CLEF_AGENT_VERSION === "undefined" ? "0.0.0-source" : CLEF_AGENT_VERSION;
