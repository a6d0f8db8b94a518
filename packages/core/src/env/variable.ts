import type { GenericSchema } from "valibot";

/** What the reference page says about one environment variable. */
export interface VariableDescription {
	/** The variable's full name. */
	readonly name: `CLEF_AGENT_${string}`;
	/** The option of `createAgent`, `createRouter` or the command that it feeds. */
	readonly option: string;
	/** Whether `<name>_FILE` may name a file that holds the value instead. */
	readonly fileAllowed: boolean;
	/** What holds when the variable is not given, as text for people. */
	readonly default: string;
	/** Unit and range or form, as text for people. */
	readonly range: string;
	/** Whether the value is, or may carry, a credential. */
	readonly secret: boolean;
	/** One sentence. */
	readonly meaning: string;
}

/** A row of the table together with the check that turns its text into a value. */
export interface Variable<T> extends VariableDescription {
	/** Its messages are what follows the variable's name in a sentence, and never quote the value. */
	readonly schema: GenericSchema<string, T>;
}
