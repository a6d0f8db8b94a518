import type { ExtensionsApi } from "./extensions-api.js";
import { failureOf } from "./failure.js";
import { LambdaError } from "./lambda-error.js";

/** Where the extension writes; one line a call. */
export interface ExtensionLog {
	info(sentence: string, fields: Readonly<Record<string, string | undefined>>): void;
	warn(sentence: string, fields: Readonly<Record<string, string | undefined>>): void;
	error(sentence: string, fields: Readonly<Record<string, string | undefined>>): void;
}

/** Who is told of a failure. */
export interface ReportParts {
	readonly api: ExtensionsApi;
	readonly log: ExtensionLog;
}

/** Says in the log and to Lambda why the extension ends; registers for that if need be. Never rejects. */
export async function reportFailure(
	{ api, log }: ReportParts,
	error: unknown,
	isInitialized = false,
): Promise<void> {
	const failure = failureOf(error);
	log.error(failure.message, { event: "lambda.failed", code: failure.code });
	// Whoever was not let in cannot leave a message.
	if (error instanceof LambdaError && !api.isRegistered) return;
	try {
		if (!api.isRegistered) await api.register(["SHUTDOWN"]);
		if (isInitialized) await api.reportExitError(failure);
		else await api.reportInitError(failure);
	} catch (reporting) {
		const { code, message } = failureOf(reporting);
		log.error(`Lambda could not be told: ${message}`, { event: "lambda.report_failed", code });
	}
}
