import type { Reading } from "./reading.js";
import {
	VCS_API_URL,
	VCS_APP_ID,
	VCS_APP_INSTALLATION_ID,
	VCS_APP_PRIVATE_KEY,
	VCS_ENVIRONMENT,
	VCS_IDENTITY,
	VCS_PROVIDER,
	VCS_REF,
	VCS_REPO,
	VCS_TOKEN,
} from "./source-variables.js";
import type { VariableDescription } from "./variable.js";

const APP: readonly VariableDescription[] = [VCS_APP_ID, VCS_APP_INSTALLATION_ID, VCS_APP_PRIVATE_KEY];
const REQUIRED: readonly VariableDescription[] = [VCS_PROVIDER, VCS_REPO, VCS_IDENTITY, VCS_ENVIRONMENT];
const ALL: readonly VariableDescription[] = [...REQUIRED, VCS_TOKEN, VCS_REF, VCS_API_URL, ...APP];

/** Whose artifact a repository setting asks for. */
export interface Subject {
	readonly identity: string | undefined;
	readonly environment: string | undefined;
}

/** Whether any variable of a repository source is given. */
export function isVcsGiven(reading: Reading): boolean {
	return ALL.some((variable) => reading.isGiven(variable));
}

/**
 * Checks the variables of a repository source, so that their mistakes are known now, and notes that no such
 * source is built yet.
 */
export function checkVcs(reading: Reading): Subject {
	const subject = { identity: reading.value(VCS_IDENTITY), environment: reading.value(VCS_ENVIRONMENT) };
	if (!isVcsGiven(reading)) return subject;
	const provider = reading.value(VCS_PROVIDER);
	const repo = reading.value(VCS_REPO);
	for (const variable of [VCS_REF, VCS_API_URL, VCS_TOKEN, VCS_APP_PRIVATE_KEY]) reading.value(variable);
	for (const variable of [VCS_APP_ID, VCS_APP_INSTALLATION_ID]) reading.value(variable);
	if (provider !== undefined && provider !== "gitlab" && repo !== undefined && repo.split("/").length > 2) {
		reading.problems.push(`CLEF_AGENT_VCS_REPO must be org/repo, with one slash, for ${provider}.`);
	}
	noteMissing(reading);
	reading.problems.push(
		"CLEF_AGENT_VCS_* (GitHub, GitLab and Bitbucket) is not built yet in this version; use CLEF_AGENT_SOURCE.",
	);
	return subject;
}

function noteMissing(reading: Reading): void {
	const missing = REQUIRED.filter((variable) => !reading.isGiven(variable));
	for (const { name } of missing) reading.problems.push(`${name} is not set; a repository source needs it.`);
	if (![VCS_TOKEN, ...APP].some((variable) => reading.isGiven(variable))) {
		reading.problems.push("CLEF_AGENT_VCS_TOKEN is not set; a repository source needs it.");
	}
}
