import type { SourceOptions } from "@clef-sh/sources";
import { type RereadFile, rereading } from "./given-text.js";
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

/** An artifact in a repository, as `CLEF_AGENT_VCS_*` say it. */
export type RepositorySource = Extract<SourceOptions, { readonly repo: string }>;

type App = NonNullable<Extract<RepositorySource, { kind: "github" }>["app"]>;

const APP: readonly VariableDescription[] = [VCS_APP_ID, VCS_APP_INSTALLATION_ID, VCS_APP_PRIVATE_KEY];
const REQUIRED: readonly VariableDescription[] = [VCS_PROVIDER, VCS_REPO, VCS_IDENTITY, VCS_ENVIRONMENT];
const ALL: readonly VariableDescription[] = [...REQUIRED, VCS_TOKEN, VCS_REF, VCS_API_URL, ...APP];

/** Whether any variable of a repository source is given. */
export function isVcsGiven(reading: Reading): boolean {
	return ALL.some((variable) => reading.isGiven(variable));
}

/** The repository that the variables name; undefined when a problem was noted. */
export function chooseRepository(reading: Reading, rereadFile: RereadFile): RepositorySource | undefined {
	const provider = reading.value(VCS_PROVIDER);
	const repo = reading.value(VCS_REPO);
	const identity = reading.value(VCS_IDENTITY);
	const environment = reading.value(VCS_ENVIRONMENT);
	const ref = reading.value(VCS_REF);
	const apiUrl = reading.value(VCS_API_URL);
	const token = reading.value(VCS_TOKEN);
	const app = githubApp(reading);
	noteContradictions(reading, provider, repo);
	if (!provider || !repo || !identity || !environment) return undefined;
	const place = { repo, identity, environment, ...(ref && { ref }), ...(apiUrl && { apiUrl }) };
	const rereadToken = rereading(reading.filePath(VCS_TOKEN), rereadFile);
	const rotating = token && { token, ...(rereadToken && { rereadToken }) };
	const credential = { ...rotating, ...(app && provider === "github" && { app }) };
	return { kind: provider, ...place, ...credential };
}

/** Whether the host is asked as somebody rather than as anybody. */
export function hasCredential(source: RepositorySource): boolean {
	return source.token !== undefined || ("app" in source && source.app !== undefined);
}

function githubApp(reading: Reading): App | undefined {
	const id = reading.value(VCS_APP_ID);
	const installationId = reading.value(VCS_APP_INSTALLATION_ID);
	const privateKey = reading.value(VCS_APP_PRIVATE_KEY);
	return id && installationId && privateKey ? { id, installationId, privateKey } : undefined;
}

function noteContradictions(reading: Reading, provider: string | undefined, repo: string | undefined): void {
	const { problems } = reading;
	for (const variable of REQUIRED) {
		if (!reading.isGiven(variable))
			problems.push(`${variable.name} is not set; a repository source needs it.`);
	}
	if (provider !== undefined && provider !== "gitlab" && repo !== undefined && repo.split("/").length !== 2) {
		problems.push(`CLEF_AGENT_VCS_REPO must be org/repo, with one slash, for ${provider}.`);
	}
	noteAppContradictions(reading, provider);
}

function noteAppContradictions(reading: Reading, provider: string | undefined): void {
	const missing = APP.filter((variable) => !reading.isGiven(variable));
	if (missing.length === APP.length) return;
	if (provider !== undefined && provider !== "github") {
		reading.problems.push(
			`CLEF_AGENT_VCS_APP_* are for github, not for ${provider}; use CLEF_AGENT_VCS_TOKEN.`,
		);
		return;
	}
	for (const { name } of missing) reading.problems.push(`${name} is not set; a GitHub App needs it.`);
	if (reading.isGiven(VCS_TOKEN)) {
		reading.problems.push("CLEF_AGENT_VCS_TOKEN and CLEF_AGENT_VCS_APP_* are both set; keep one of them.");
	}
}
