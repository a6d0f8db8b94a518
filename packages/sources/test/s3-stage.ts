import { HandFiredTimers } from "@clef-sh/testkit/hand-fired-timers";
import { S3Server, type S3ServerOptions } from "@clef-sh/testkit/s3-server";
import { onTestFinished, vi } from "vitest";
import { createSource, type S3SourceOptions, type Source, SourceError } from "../src/index.js";

/** Every variable through which the machine that runs the tests could join in. */
const AWS_VARIABLES = [
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_PROFILE",
	"AWS_REGION",
	"AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_S3",
	"AWS_ENDPOINT_URL_STS",
	"AWS_ROLE_ARN",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_USE_FIPS_ENDPOINT",
	"AWS_USE_DUALSTACK_ENDPOINT",
	"AWS_MAX_ATTEMPTS",
];

/** Leaves exactly these AWS variables set, until the test is over. */
export function stubAws(environment: Readonly<Record<string, string>>): void {
	for (const name of AWS_VARIABLES) vi.stubEnv(name, undefined);
	vi.stubEnv("AWS_CONFIG_FILE", "/nowhere/config");
	vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials");
	vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
	for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}

/** Starts a server that holds one object, and lets the AWS SDK find it. */
export async function s3Server(options?: S3ServerOptions): Promise<S3Server> {
	const server = await S3Server.start(options);
	onTestFinished(() => {
		vi.unstubAllEnvs();
		return server.close();
	});
	server.put("artifacts", "api/production.age.json", '{"version":1}');
	stubAws(server.environment());
	return server;
}

/** A source of that object, unless it is told otherwise. */
export function s3Source(options: Partial<S3SourceOptions> = {}, now: () => number = Date.now): Source {
	const place = { kind: "s3", bucket: "artifacts", key: "api/production.age.json" } as const;
	return createSource({ ...place, ...options }, { now, timers: new HandFiredTimers() });
}

/** A signal that never aborts. */
export const live = (): AbortSignal => new AbortController().signal;

/** What a source reads, one character for each byte. */
export async function contentOf(source: Source): Promise<string> {
	const result = await source.read(undefined, live());
	return result.kind === "modified" ? Buffer.from(result.bytes).toString("latin1") : result.kind;
}

/** Where {@link s3Server} keeps its object. */
export const BUCKET = "artifacts";
export const KEY = "api/production.age.json";

/** How a read fails. */
export async function failureOf(source: Source, validator?: object): Promise<SourceError> {
	const error = await source.read(validator, new AbortController().signal).then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (error instanceof SourceError) return error;
	throw new Error(`Expected a SourceError, got ${String(error)}.`);
}
