import { vectorKeys } from "@clef-sh/testkit/vectors";
import { AgentError } from "../../src/agent-error.js";
import { configFromEnvironment } from "../../src/env/config-from-environment.js";
import type { EnvironmentConfig } from "../../src/env/environment-config.js";

/** The least that starts an agent. */
export const MINIMAL = {
	CLEF_AGENT_SOURCE: "/srv/api.age.json",
	CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
};

export type Variables = Record<string, string | undefined>;

/** A file system of these files; a value that is an error code is thrown. */
export function files(contents: Record<string, string | { code: string }> = {}): (path: string) => string {
	return (path) => {
		const content = contents[path] ?? { code: "ENOENT" };
		if (typeof content === "string") return content;
		throw Object.assign(new RangeError(`${content.code}: secret text of the system`), content);
	};
}

/** The configuration of the least environment with these changes. */
export function config(changes: Variables = {}, readFile = files()): EnvironmentConfig {
	return configFromEnvironment({ ...MINIMAL, ...changes }, readFile);
}

/** The problems of the least environment with these changes; none when it is right. */
export function problems(changes: Variables, readFile = files()): readonly string[] {
	try {
		config(changes, readFile);
		return [];
	} catch (error) {
		if (error instanceof AgentError) return error.problems;
		throw error;
	}
}
