import { type BitbucketServer, startBitbucketServer } from "@clef-sh/testkit/bitbucket-server";
import type { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { afterEach, beforeEach } from "vitest";
import type { BitbucketSourceOptions } from "../src/bitbucket-source.js";
import { createSource, type Source, type SourceResult } from "../src/index.js";
import { PATH, TOKEN } from "./bitbucket-stage.js";

export const NAMES = {
	kind: "bitbucket",
	repo: "acme/app",
	identity: "api",
	environment: "production",
} as const;
export const BODY: Buffer = Buffer.from('{"version":1,"of":"Zürich"}');
export const OTHER: Buffer = Buffer.from('{"version":2}');

/** The requests that a Cloud source sends: for the metadata, and for the bytes. */
export const META = /format=meta/;
export const RAW = /\/src\/[0-9a-f]{40}\/[^?]*$/;

/** The address, inside the repository, of the metadata at a revision. */
export const metaOf = (revision: string): string =>
	`/src/${revision}/${PATH}?format=meta&fields=type,attributes,commit.hash`;

/** A Bitbucket Cloud that is opened anew, holding `BODY`, for each test of the file that makes it. */
export class BitbucketCloud {
	now = 0;
	#place: BitbucketServer | undefined;
	#asked = 0;

	constructor() {
		beforeEach(async () => {
			this.now = Date.UTC(2030, 0, 1);
			this.#asked = 0;
			this.#place = await startBitbucketServer();
			this.place.credentials.add(`Bearer ${TOKEN}`);
			this.place.repository.commit({ [PATH]: BODY });
		});
		afterEach(() => this.place.server.close());
	}

	get place(): BitbucketServer {
		if (this.#place === undefined) throw new Error("The place is opened before each test.");
		return this.#place;
	}

	source(options: Partial<BitbucketSourceOptions> = {}, timers?: HandFiredTimers): Source {
		const whole = { ...NAMES, apiUrl: this.place.url, token: TOKEN, ...options };
		return createSource(whole, { now: () => this.now, ...(timers && { timers }) });
	}

	/** What was asked inside the repository since the last call. */
	requests(): readonly string[] {
		const fresh = this.place.server.requests.slice(this.#asked).map(({ url }) => decodeURIComponent(url));
		this.#asked = this.place.server.requests.length;
		return fresh.map((url) => url.replace("/2.0/repositories/acme/app", ""));
	}
}

/** A read with a validator. */
export function poll(source: Source, validator: object | undefined): Promise<SourceResult> {
	return source.read(validator, new AbortController().signal);
}
