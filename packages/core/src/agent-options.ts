import { randomBytes } from "node:crypto";
import { ArtifactError, importTrustedKeys, type TrustedKey } from "@clef-sh/artifact";
import { ArtifactFile, type CacheFiles, type RecordSubject, systemFiles } from "@clef-sh/cache";
import { createDecryptor, DecryptError, type Decryptor, type DecryptorOptions } from "@clef-sh/decryptors";
import { createSource, type Source, SourceError, type SourceOptions } from "@clef-sh/sources";
import * as v from "valibot";
import { AgentError } from "./agent-error.js";
import { type Clock, systemClock } from "./clock.js";
import type { AgentEvent } from "./event.js";
import { harmlessSink } from "./harmless-sink.js";
import type { AgentMeasurement } from "./measurement.js";
import { type TextReading, timelyReading } from "./timely-reading.js";
import { VerifyKeys } from "./verify-keys.js";

/** What {@link createAgent} takes. */
export interface AgentOptions {
	/** Where the artifact is, or a source of one's own. */
	readonly source: Source | SourceOptions;
	/** The keys that decrypt it, or a decryptor of one's own. */
	readonly decryptor: Decryptor | DecryptorOptions;
	/** Public keys, PEM or base64 SPKI separated by commas; when given, anything not signed by one is refused. */
	readonly verifyKeys?: string | readonly TrustedKey[];
	/**
	 * Where the keys may be rotated: gives their present text before every refresh. A usable new set takes the place of
	 * `verifyKeys` at once; a text that is not usable, or an error, leaves the set before it. Needs first `verifyKeys`.
	 */
	readonly rereadVerifyKeys?: () => Promise<string>;
	/** When given, an artifact packed for another service identity is refused. */
	readonly identity?: string;
	/** When given, an artifact packed for another environment is refused. */
	readonly environment?: string;
	/** Most seconds to serve without a successful refresh, by default 300; 0 decrypts at every `open()`. */
	readonly ttlSeconds?: number;
	/**
	 * `required`, the default: `createAgent` resolves once secrets are held and rejects if the first refresh fails.
	 * `background`: it resolves at once, and the agent retries until the source answers.
	 */
	readonly firstLoad?: "required" | "background";
	/**
	 * Directory for the last-known-good artifact, encrypted as it was fetched: with it a restart serves what the
	 * source vouched for within the TTL, and remembers what was revoked and what is too old. Made if missing.
	 */
	readonly cachePath?: string;
	/** The file system that {@link cachePath} lies in. */
	readonly cacheFiles?: CacheFiles;
	/** The one sink for events; it must not block. */
	readonly onEvent?: (event: AgentEvent) => void;
	/** The one sink for measurements, which come with every refresh and decryption; it must not block. */
	readonly onMeasurement?: (measurement: AgentMeasurement) => void;
	readonly clock?: Clock;
	/** Uniform in [0, 1); spreads refreshes in time. */
	readonly random?: () => number;
}

/** Options with every default filled in and every part constructed. */
export interface ResolvedOptions {
	readonly source: Source;
	readonly decryptor: Decryptor;
	readonly verifyKeys: VerifyKeys;
	readonly subject: { readonly identity?: string; readonly environment?: string };
	readonly ttlSeconds: number;
	readonly artifactFile?: ArtifactFile;
	readonly firstLoad: "required" | "background";
	readonly onEvent: (event: AgentEvent) => void;
	readonly onMeasurement: (measurement: AgentMeasurement) => void;
	readonly clock: Clock;
	readonly random: () => number;
}

/** Longest TTL: a year. */
export const MAX_TTL_SECONDS = 31_536_000;

const TTL_SENTENCE = `ttlSeconds must be a whole number from 0 to ${MAX_TTL_SECONDS}.`;

/** Strict, because a misspelt `verifyKeys` must not silently switch verification off. */
const FormSchema = v.strictObject({
	source: v.looseObject({}, 'source must be a source or the options of one, such as { kind: "file", path }.'),
	decryptor: v.looseObject({}, "decryptor must be a decryptor or its options, such as { ageIdentities }."),
	verifyKeys: v.optional(
		v.pipe(
			v.union(
				[v.string(), v.array(v.looseObject({}))],
				"verifyKeys must be text, or keys made by importTrustedKeys.",
			),
			v.check(
				(keys) => typeof keys === "string" || keys.length > 0,
				"verifyKeys holds no key; leave it out to run without verification.",
			),
		),
	),
	rereadVerifyKeys: v.optional(v.function("rereadVerifyKeys must be a function.")),
	identity: v.optional(v.pipe(v.string(), v.nonEmpty("identity must not be empty."))),
	environment: v.optional(v.pipe(v.string(), v.nonEmpty("environment must not be empty."))),
	ttlSeconds: v.optional(
		v.pipe(
			v.number(TTL_SENTENCE),
			v.integer(TTL_SENTENCE),
			v.minValue(0, TTL_SENTENCE),
			v.maxValue(MAX_TTL_SECONDS, TTL_SENTENCE),
		),
	),
	firstLoad: v.optional(
		v.picklist(["required", "background"], 'firstLoad must be "required" or "background".'),
	),
	cachePath: v.optional(v.pipe(v.string(), v.nonEmpty("cachePath must not be empty."))),
	cacheFiles: v.optional(v.looseObject({}, "cacheFiles must be functions like those of node:fs/promises.")),
	onEvent: v.optional(v.function("onEvent must be a function.")),
	onMeasurement: v.optional(v.function("onMeasurement must be a function.")),
	clock: v.optional(v.looseObject({}, "clock must be a Clock.")),
	random: v.optional(v.function("random must be a function.")),
});

const OptionsSchema = v.pipe(
	FormSchema,
	v.check(
		({ rereadVerifyKeys, verifyKeys }) => rereadVerifyKeys === undefined || verifyKeys !== undefined,
		"rereadVerifyKeys needs verifyKeys: the keys that are trusted until it is first called.",
	),
);

/** Checks and completes options once; throws one {@link AgentError} with every problem. */
export function resolveOptions(options: AgentOptions): ResolvedOptions {
	const problems = v.safeParse(OptionsSchema, options).issues?.map(sentence) ?? [];
	if (problems.length > 0) throw new AgentError(problems);

	const clock = options.clock ?? systemClock();
	const attempt = <R>(make: () => R): R | undefined => collectProblem(problems, make);
	const source = attempt(() => asSource(options.source, clock));
	const onMeasurement = harmlessSink("onMeasurement", options.onMeasurement);
	const decryptor = attempt(() => asDecryptor(options.decryptor, clock, onMeasurement));
	const trustedKeys = attempt(() => asTrustedKeys(options.verifyKeys));
	if (source === undefined || decryptor === undefined || trustedKeys === undefined) {
		throw new AgentError(problems);
	}
	const { identity, environment } = options;
	const subject = {
		...(identity === undefined ? {} : { identity }),
		...(environment === undefined ? {} : { environment }),
	};
	return {
		source,
		decryptor,
		verifyKeys: new VerifyKeys(trustedKeys, timely(options.rereadVerifyKeys, clock)),
		subject,
		...asArtifactFile(options, { ...subject, source: placeOf(source) }, clock),
		ttlSeconds: options.ttlSeconds ?? 300,
		firstLoad: options.firstLoad ?? "required",
		onEvent: harmlessSink("onEvent", options.onEvent),
		onMeasurement,
		clock,
		random: options.random ?? Math.random,
	};
}

function asSource(source: Source | SourceOptions, clock: Clock): Source {
	if ("read" in source) return source;
	const rereadToken = "rereadToken" in source ? timely(source.rereadToken, clock) : undefined;
	const options = { ...source, ...(rereadToken && { rereadToken }) };
	return createSource(options, { timers: clock, now: () => clock.now() });
}

function asDecryptor(
	decryptor: Decryptor | DecryptorOptions,
	clock: Clock,
	onMeasurement: (measurement: AgentMeasurement) => void,
): Decryptor {
	if ("decrypt" in decryptor) return decryptor;
	const { ageIdentities } = decryptor;
	const onKmsCall = harmlessSink("onKmsCall", decryptor.onKmsCall);
	return createDecryptor({
		...decryptor,
		...(typeof ageIdentities === "function" && { ageIdentities: timelyReading(ageIdentities, clock) }),
		onKmsCall: (call) => {
			const { durationMs, error, provider } = call;
			onMeasurement({ event: "kms.called", at: clock.now(), provider, durationMs, code: error?.code });
			onKmsCall(call);
		},
	});
}

/** A place that its description tells from all others is named as it always was, so that its record is found again. */
function placeOf({ description, place = description, type }: Source): string {
	return place === description ? `${type} ${description}` : `${type} ${description} ${place}`;
}

function timely(read: TextReading | undefined, clock: Clock): TextReading | undefined {
	return read && timelyReading(read, clock);
}

function asArtifactFile(
	{ cacheFiles = systemFiles, cachePath }: AgentOptions,
	subject: RecordSubject,
	clock: Clock,
): { artifactFile?: ArtifactFile } {
	if (cachePath === undefined) return {};
	const place = { ...subject, directory: cachePath, files: cacheFiles };
	const uniqueName = () => randomBytes(8).toString("hex");
	const uid = process.getuid?.();
	return { artifactFile: new ArtifactFile({ ...place, uid, uniqueName, now: () => clock.now() }) };
}

function asTrustedKeys(keys: string | readonly TrustedKey[] = []): readonly TrustedKey[] {
	return typeof keys === "string" ? importTrustedKeys(keys) : keys;
}

function collectProblem<R>(problems: string[], make: () => R): R | undefined {
	try {
		return make();
	} catch (error) {
		const isOurs =
			error instanceof ArtifactError || error instanceof DecryptError || error instanceof SourceError;
		if (!isOurs) throw error;
		problems.push(error.message);
		return undefined;
	}
}

/** Valibot's own sentences may quote the input, which may be a secret: only ours and the path are shown. */
function sentence(issue: v.BaseIssue<unknown>): string {
	const path = v.getDotPath(issue);
	if (issue.type === "strict_object") {
		return path === null
			? "The options must be an object."
			: issue.expected === "never"
				? `${path} is not an option of createAgent; check its spelling.`
				: `${path} is missing.`;
	}
	return issue.message.startsWith("Invalid") ? `${path ?? "options"} has the wrong type.` : issue.message;
}
