import type { ReportedFailure } from "./extensions-api.js";
import { LambdaError } from "./lambda-error.js";

/** What ends an extension, as the log and Lambda are told of it. */
export interface Failure extends ReportedFailure {
	/** One of this project's codes, or UNEXPECTED. */
	readonly code: string;
}

/** The codes of this project's errors, whose messages are written to be shown. */
const CODE = /^(?:AGENT|ARTIFACT|CACHE|CONFIG|DECRYPT|LAMBDA|SOURCE)_[A-Z_]+$/;

/** Names an error for Lambda: `SOURCE_UNREACHABLE` becomes `Extension.SourceUnreachable`. */
export function failureOf(error: unknown): Failure {
	if (error instanceof Error && "code" in error && CODE.test(String(error.code))) {
		const code = String(error.code);
		const reason = (error instanceof LambdaError && error.reason) || code;
		return { code, errorType: `Extension.${inPascalCase(reason)}`, message: sentenceOf(error) };
	}
	// The message of an error that nobody foresaw may quote anything.
	const name = error instanceof Error ? error.name : typeof error;
	return { code: "UNEXPECTED", errorType: "Extension.Unexpected", message: `Unexpected failure: ${name}.` };
}

/** A configuration can have many problems; a log event of Lambda's is one line. */
function sentenceOf(error: Error): string {
	const problems = "problems" in error && Array.isArray(error.problems) ? error.problems.map(String) : [];
	const sentence = problems.length < 2 ? error.message : problems.join(" ");
	return sentence.replaceAll(/\s*\n\s*/g, " ");
}

function inPascalCase(code: string): string {
	return code
		.toLowerCase()
		.split("_")
		.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
		.join("");
}
