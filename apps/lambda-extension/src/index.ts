export type { ExtensionParts } from "./extension.js";
export { runExtension } from "./extension.js";
export type { ExtensionEvent } from "./extension-event.js";
export type { ExtensionEventType, RegisteredFunction, ReportedFailure } from "./extensions-api.js";
export { ExtensionsApi } from "./extensions-api.js";
export type { LambdaErrorCode } from "./lambda-error.js";
export { LambdaError } from "./lambda-error.js";
export type { ExtensionLog, ReportParts } from "./report-failure.js";
export { reportFailure } from "./report-failure.js";
