export type { BitbucketSourceOptions } from "./bitbucket-source.js";
export type { HttpTimeouts } from "./bounded-fetch.js";
export type { SourceOptions } from "./create-source.js";
export { createSource, DEFAULT_MAX_BYTES } from "./create-source.js";
export type { FileSourceOptions } from "./file-source.js";
export type { GithubAppOptions } from "./github-app.js";
export type { GithubSourceOptions } from "./github-source.js";
export type { GitlabSourceOptions } from "./gitlab-source.js";
export type { HttpSourceOptions } from "./http-source.js";
export type { InlineSourceOptions } from "./inline-source.js";
export type { SourceLocation } from "./location.js";
export { sourceOptionsFromLocation } from "./location.js";
export { networkCode } from "./network-code.js";
export { createOutboundFetch } from "./outbound-fetch.js";
export { retryAfterMs } from "./retry-after.js";
export type { TokenReading } from "./rotating-source.js";
export type { S3Credentials } from "./s3-connection.js";
export type { S3Location } from "./s3-location.js";
export type { S3SourceOptions } from "./s3-source.js";
export type {
	Source,
	SourceEnvironment,
	SourceResult,
	SourceTimers,
	SourceType,
	Validator,
	Watch,
} from "./source.js";
export type { SourceErrorCode } from "./source-error.js";
export { SourceError } from "./source-error.js";
export { unpooled } from "./unpooled-fetch.js";
