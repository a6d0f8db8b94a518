/** What a user of the command line can do wrong, or a file system can. */
export type CommandErrorCode =
	| "COMMAND_USAGE"
	| "COMMAND_INPUT"
	| "COMMAND_OUTPUT"
	| "COMMAND_ENVIRONMENT"
	| "COMMAND_NOT_STARTED"
	| "COMMAND_TIMEOUT"
	| "CONFIG_INVALID";

/** A command that cannot go on; the message is the one sentence the user reads. */
export class CommandError extends Error {
	override readonly name = "CommandError";
	readonly code: CommandErrorCode;
	/** What to do about it, printed on a line of its own. */
	readonly hint: string | undefined;
	readonly exitStatus: number;

	/** `exitStatus` is 1 unless another one tells more. */
	constructor(
		code: CommandErrorCode,
		message: string,
		options: { hint?: string; cause?: unknown; exitStatus?: number } = {},
	) {
		super(message, "cause" in options ? { cause: options.cause } : undefined);
		this.code = code;
		this.hint = options.hint;
		this.exitStatus = options.exitStatus ?? 1;
	}
}

const KNOWN_CODE = /^(?:ARTIFACT|SOURCE|DECRYPT|CACHE|AGENT|PACK|COMMAND|CONFIG|LAMBDA)_[A-Z_]+$/;

/** Whether an error is one of ours: its message was written for the user, and a stack would only hide it. */
export function isKnownError(error: unknown): error is Error & { readonly code: string } {
	return (
		error instanceof Error && "code" in error && typeof error.code === "string" && KNOWN_CODE.test(error.code)
	);
}
