/** Codes of {@link AgentError}. */
export type AgentErrorCode = "CONFIG_INVALID";

/** Options or environment that cannot work; the message holds every problem, one line each. */
export class AgentError extends Error {
	override readonly name = "AgentError";
	readonly code: AgentErrorCode = "CONFIG_INVALID";
	readonly retryable = false;
	/** One sentence per problem, none of which repeats a secret value. */
	readonly problems: readonly string[];

	constructor(problems: readonly string[], options?: ErrorOptions) {
		super(problems.join("\n"), options);
		this.problems = problems;
	}
}
