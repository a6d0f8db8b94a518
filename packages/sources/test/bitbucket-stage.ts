import type { BitbucketApi } from "@clef-sh/testkit/bitbucket-api";
import type { BitbucketRepository } from "@clef-sh/testkit/bitbucket-repository";
import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import type { ConformanceSetup, Stage } from "@clef-sh/testkit/source-conformance";
import { createSource, type Source, SourceError } from "../src/index.js";

export const PATH = ".clef/packed/api/production.age.json";
export const TOKEN = "ATCTT3x-s3cret-t0ken";
export const SECRETS: readonly string[] = [TOKEN, "s1gned", "Basic", "Bearer"];
export const TIMEOUTS = { headersMs: 101, idleMs: 102, totalMs: 103 };

/** What both fakes have. */
export type Place = BitbucketApi & { readonly url: string; readonly repository: BitbucketRepository };

/** A source, the fake it reads, and its timers. */
export interface BitbucketStage<P extends Place> extends Stage {
	readonly source: Source;
	readonly place: P;
	readonly timers: HandFiredTimers;

	/** The origin the next request goes to instead, when set. */
	detour: string | undefined;
}

/** Opens a stage on a place that holds these bytes. */
export function openStage<P extends Place>(place: P, bytes: Uint8Array, repo: string): BitbucketStage<P> {
	place.repository.commit({ [PATH]: bytes });
	const timers = new HandFiredTimers();
	const { url } = place.server;
	const source = createSource(
		{
			kind: "bitbucket",
			repo,
			identity: "api",
			environment: "production",
			token: TOKEN,
			apiUrl: place.url,
			maxBytes: 1000,
			timeouts: TIMEOUTS,
		},
		{ timers, fetch: (input, init) => fetch(String(input).replace(url, stage.detour ?? url), init) },
	);
	const stage: BitbucketStage<P> = {
		source,
		secrets: SECRETS,
		place,
		timers,
		detour: undefined,
		close: place.server.close,
	};
	return stage;
}

/** The faults that both products can have, in every request. */
export function faults<P extends Place>(): ConformanceSetup<BitbucketStage<P>>["faults"] {
	return {
		notFound: ({ place }) => void place.repository.commit({ [PATH]: null }),
		unauthorized: ({ place }) => place.interpose([behaviours.status(401)]),
		rateLimited: ({ place }) => place.interpose([behaviours.status(429, { "retry-after": "7" })]),
		failing: ({ place }) => place.interpose([behaviours.status(503)]),
		unreachable: async (stage) => {
			stage.detour = await deadOrigin();
		},
		timeout: ({ place, timers }) => {
			place.interpose([behaviours.silence()]);
			return () => timers.fire(TIMEOUTS.headersMs);
		},
		tooLarge: ({ place }) => void place.repository.commit({ [PATH]: Buffer.alloc(1001) }),
		redirected: ({ place }) => place.interpose([behaviours.redirect("http://169.254.169.254/?s1gned")]),
		cutShort: ({ place }) => place.interpose([behaviours.cutShort('{"type":')]),
		wrongContent: ({ place }) => place.interpose([behaviours.html()]),
	};
}

/** Ends any fault and makes the place hold these bytes. */
export function hold<P extends Place>(stage: BitbucketStage<P>, bytes: Uint8Array): void {
	stage.detour = undefined;
	stage.place.behave();
	stage.place.repository.commit({ [PATH]: bytes });
}

/** The bytes and validator of a read that brought something new. */
export async function modified(source: Source, validator?: object) {
	const result = await source.read(validator, new AbortController().signal);
	if (result.kind === "modified") return result;
	throw new Error("The read said unmodified.");
}

/** The error of a read, which must be ours. */
export async function failure(source: Source, validator?: object): Promise<SourceError> {
	const error = await source.read(validator, new AbortController().signal).then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (error instanceof SourceError) return error;
	throw new Error(`Expected a SourceError, got ${String(error)}.`);
}
