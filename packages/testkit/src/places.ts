import { startBitbucketDataCenterServer } from "./bitbucket-datacenter-server.js";
import type { BitbucketRepository } from "./bitbucket-repository.js";
import { startBitbucketServer } from "./bitbucket-server.js";
import { startGithubServer } from "./github-server.js";
import { startGitlab } from "./gitlab-server.js";
import { S3Server } from "./s3-server.js";
import { behaviours, startServer } from "./servers.js";

/** What a source for a place is made from, as plain data. */
export type PlaceOptions =
	| { readonly kind: "http"; readonly url: string; readonly token: string }
	| { readonly kind: "s3"; readonly bucket: string; readonly key: string }
	| {
			readonly kind: "github" | "gitlab" | "bitbucket";
			readonly repo: string;
			readonly identity: string;
			readonly environment: string;
			readonly token: string;
			readonly apiUrl: string;
	  };

/** A fake with one artifact in it. */
export interface Place {
	/** The fake's own origin. */
	readonly origin: string;

	/** Keeps these bytes as the artifact from now on. */
	hold(bytes: Uint8Array): void;

	/** What reads the artifact, where the fake is asked at this origin. */
	optionsAt(origin: string): PlaceOptions;

	/** Environment variables that the reading process needs besides, where the fake is asked at this origin. */
	environmentAt(origin: string): Readonly<Record<string, string>>;
	close(): Promise<void>;
}

const TOKEN = "t0ken-of-the-place";
const PATH = ".clef/packed/api/production.age.json";
const NAMES = { identity: "api", environment: "production", token: TOKEN } as const;

/** A way to start each kind of place that is asked over a network, with nothing in it yet. */
export const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
	http: async () => {
		const server = await startServer();
		return place(server.url, server.close, {
			hold: (bytes) => server.respondWith(behaviours.ok(bytes)),
			optionsAt: (origin) => ({ kind: "http", url: `${origin}/api.age.json`, token: TOKEN }),
		});
	},

	s3: async () => {
		const server = await S3Server.start();
		return place(server.url, server.close, {
			hold: (bytes) => void server.put("bucket", "api.age.json", bytes),
			optionsAt: () => ({ kind: "s3", bucket: "bucket", key: "api.age.json" }),
			environmentAt: (origin) => ({ ...server.environment(), AWS_ENDPOINT_URL_S3: origin }),
		});
	},

	github: async () => {
		const server = await startGithubServer({ basePath: "/api/v3" });
		server.repositories.add("acme/app");
		server.allow(TOKEN, ["acme/app"]);
		return place(server.url, server.close, {
			hold: (bytes) => server.repositories.put("acme/app", PATH, { kind: "file", bytes }),
			optionsAt: (origin) => ({ kind: "github", repo: "acme/app", ...NAMES, apiUrl: `${origin}/api/v3` }),
		});
	},

	gitlab: async () => {
		const server = await startGitlab({ project: "acme/app", tokens: { [TOKEN]: { kind: "access" } } });
		return place(server.url, server.close, {
			hold: (bytes) => server.commit(PATH, bytes),
			optionsAt: (origin) => ({ kind: "gitlab", repo: "acme/app", ...NAMES, apiUrl: origin }),
		});
	},

	"bitbucket cloud": async () => {
		const { server, repository, credentials } = await startBitbucketServer();
		credentials.add(`Bearer ${TOKEN}`);
		return bitbucket(server, repository, (origin) => `${origin}/2.0`);
	},

	"bitbucket data center": async () => {
		const { server, repository, credentials } = await startBitbucketDataCenterServer({ repo: "acme/app" });
		credentials.add(`Bearer ${TOKEN}`);
		return bitbucket(server, repository, (origin) => origin);
	},
};

function bitbucket(
	{ url, close }: Pick<Place, "close"> & { readonly url: string },
	repository: BitbucketRepository,
	apiUrlAt: (origin: string) => string,
): Place {
	return place(url, close, {
		hold: (bytes) => void repository.commit({ [PATH]: bytes }),
		optionsAt: (origin) => ({ kind: "bitbucket", repo: "acme/app", ...NAMES, apiUrl: apiUrlAt(origin) }),
	});
}

function place(
	origin: string,
	close: () => Promise<void>,
	rest: Pick<Place, "hold" | "optionsAt"> & Partial<Place>,
): Place {
	return { origin, close, environmentAt: () => ({}), ...rest };
}
