import { type ParseArgsConfig, parseArgs } from "node:util";
import { CommandError } from "./command-error.js";
import { nearest } from "./nearest.js";
import { type CommandName, usages } from "./usage.js";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<O extends Options> = ReturnType<
	typeof parseArgs<{ options: O; strict: true; allowPositionals: true }>
>;

/** What a command accepts. */
export interface Accepted<O extends Options> {
	readonly options: O;
	/** Most words that are not options; default none. */
	readonly maxPositionals?: number;
}

/** Parses a command's arguments; a mistake is a CommandError COMMAND_USAGE with a hint. */
export function parseArguments<const O extends Options>(
	command: CommandName,
	args: readonly string[],
	accepted: Accepted<O>,
): Pick<Parsed<O>, "values" | "positionals"> {
	const parsed = parseStrictly(command, args, accepted.options);
	const surplus = parsed.positionals[accepted.maxPositionals ?? 0];
	if (surplus !== undefined) throw usageError(command, `unexpected argument ${JSON.stringify(surplus)}`);
	return parsed;
}

function parseStrictly<const O extends Options>(command: CommandName, args: readonly string[], options: O) {
	try {
		return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
	} catch (cause) {
		throw usageError(command, sentence(cause, Object.keys(options)), cause);
	}
}

/** An error about how a command was called; the hint is its usage line. */
export function usageError(command: CommandName, message: string, cause?: unknown): CommandError {
	const hint = `usage: clef-agent ${usages[command].synopsis}`;
	return new CommandError("COMMAND_USAGE", message, { hint, cause });
}

/** The error for a first word that is no command, or an option that only a command takes. */
export function unknownWord(word: string, commands: readonly string[]): CommandError {
	const isOption = word.startsWith("-");
	// What follows an option's equals sign may be a token.
	const [name = word] = isOption ? word.split("=", 1) : [];
	const near = nearest(name, isOption ? ["--help", "--version"] : commands);
	const question = near === undefined ? "" : `; did you mean ${near}?`;
	return new CommandError("COMMAND_USAGE", `unknown ${isOption ? "option" : "command"} ${name}${question}`, {
		hint: "clef-agent --help lists the commands",
	});
}

/** Node's messages run over several sentences and may quote a value; only the option's name is taken from them. */
function sentence(cause: unknown, known: readonly string[]): string {
	const { code, message } = cause as Error & { code?: string };
	const option = /'(-[^'\s=]*)/.exec(message)?.[1] ?? "an option";
	if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
		return message.includes("does not take an argument")
			? `${option} takes no value`
			: `${optionNames(message) ?? option} needs a value`;
	}
	const near = nearest(option.replace(/^-+/, ""), known);
	return `unknown option ${option}${near === undefined ? "" : `; did you mean --${near}?`}`;
}

function optionNames(message: string): string | undefined {
	return /'(?:-\w, )?(--[\w-]+)/.exec(message)?.[1];
}
