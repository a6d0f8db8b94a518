export type { HttpTimeouts } from "./bounded-fetch.js";
export type { SourceOptions } from "./create-source.js";
export { createSource, DEFAULT_MAX_BYTES } from "./create-source.js";
export type { FileSourceOptions } from "./file-source.js";
export type { HttpSourceOptions } from "./http-source.js";
export type { InlineSourceOptions } from "./inline-source.js";
export type { SourceLocation } from "./location.js";
export { sourceOptionsFromLocation } from "./location.js";
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
