import type { DecryptorOptions } from "@clef-sh/decryptors";
import type { SourceOptions } from "@clef-sh/sources";
import { AgentError } from "../agent-error.js";
import type { AgentSettings, EnvironmentConfig } from "./environment-config.js";
import { checkNames } from "./environment-names.js";
import { type ReadFile, type RereadFile, rereading } from "./given-text.js";
import { chooseListeners } from "./listener-choice.js";
import { Reading } from "./reading.js";
import * as serving from "./serving-variables.js";
import { chooseSource } from "./source-choice.js";
import { doubtsAbout } from "./source-doubts.js";
import { chooseToken } from "./token-choice.js";

type Subject = Pick<AgentSettings, "identity" | "environment">;

/**
 * Reads an agent's whole configuration from environment variables.
 *
 * @param readFile called for the `*_FILE` variables; must throw when the file cannot be read.
 * @param rereadFile called for the files of keys and tokens while the agent runs.
 * @throws AgentError `CONFIG_INVALID` with every problem at once; no problem ever holds a value.
 */
export function configFromEnvironment(
	env: Readonly<Record<string, string | undefined>>,
	readFile: ReadFile,
	rereadFile: RereadFile = async (path) => readFile(path),
): EnvironmentConfig {
	const names = checkNames(env);
	const own = Object.fromEntries(Object.entries(env).filter(([name]) => !names.serviceLinks.has(name)));
	const reading = new Reading(own, readFile);
	reading.problems.push(...names.problems);
	noteServiceLinks(reading, names.serviceLinks);

	const agent = agentSettings(reading, rereadFile);
	const rest = {
		...chooseListeners(reading),
		...chooseToken(reading, rereadFile),
		lambdaInit: reading.value(serving.LAMBDA_INIT) ?? ("continue" as const),
		logLevel: reading.value(serving.LOG_LEVEL) ?? ("info" as const),
		...given({
			id: reading.value(serving.ID),
			logFormat: reading.value(serving.LOG_FORMAT),
			metrics: reading.value(serving.METRICS),
			telemetryUrl: reading.value(serving.TELEMETRY_URL),
		}),
	};
	if (agent === undefined || reading.problems.length > 0) throw new AgentError(reading.problems);
	noteDoubts(reading, agent);
	return { agent, ...rest, warnings: reading.warnings };
}

/** Whose artifact is expected: what is said outright, else what leads to it in a repository. */
export function expectedSubject(reading: Reading, source: SourceOptions | undefined): Subject {
	const repository = source !== undefined && "repo" in source ? source : undefined;
	return given({
		identity: reading.value(serving.IDENTITY) ?? repository?.identity,
		environment: reading.value(serving.ENVIRONMENT) ?? repository?.environment,
	});
}

function agentSettings(reading: Reading, rereadFile: RereadFile): AgentSettings | undefined {
	const source = chooseSource(reading, rereadFile);
	const subject = expectedSubject(reading, source);
	const decryptor = ageKey(reading, rereadFile);
	const verifyKeys = reading.value(serving.VERIFY_KEY);
	const rereadVerifyKeys = rereading(reading.filePath(serving.VERIFY_KEY), rereadFile);
	const ttlSeconds = reading.value(serving.CACHE_TTL);
	const cachePath = reading.value(serving.CACHE_PATH);
	if (source === undefined) return undefined;
	return { source, decryptor, ...given({ verifyKeys, rereadVerifyKeys, ttlSeconds, cachePath }), ...subject };
}

/** A file may be rotated while the agent runs, and what it holds at the start must already be right. */
function ageKey(reading: Reading, rereadFile: RereadFile): DecryptorOptions {
	const text = reading.value(serving.AGE_KEY);
	const path = reading.filePath(serving.AGE_KEY);
	if (text === undefined) return {};
	if (path === undefined) return { ageIdentities: text };
	return { ageIdentities: () => rereadFile(path), initialAgeIdentities: text };
}

function noteServiceLinks(reading: Reading, links: ReadonlySet<string>): void {
	if (links.size === 0) return;
	const names = [...links].sort().join(", ");
	reading.warnings.push(
		`Ignored ${names}: Kubernetes set them for a Service named clef-agent; enableServiceLinks: false stops that.`,
	);
}

function noteDoubts(reading: Reading, { source, verifyKeys }: AgentSettings): void {
	if (verifyKeys === undefined) {
		reading.warnings.push(
			"CLEF_AGENT_VERIFY_KEY is not set: artifacts are not authenticated, so whoever controls the source controls the secrets.",
		);
	}
	reading.warnings.push(...doubtsAbout(source, verifyKeys !== undefined));
}

/** The entries that have a value: an absent option is left out, never set to undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
	const entries = Object.entries(options).filter(([, value]) => value !== undefined);
	return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
