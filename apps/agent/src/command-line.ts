import { CommandError, isKnownError } from "./command-error.js";
import type { Command, CommandIo } from "./command-io.js";
import { SignalRelay } from "./exec/signal-relay.js";
import { StopRequest } from "./stop-request.js";
import type { CommandName } from "./usage.js";

/** Runs the command that the arguments name and returns its exit status; never rejects. */
export async function runCommandLine(args: readonly string[], io: CommandIo): Promise<number> {
	try {
		return await dispatch(args, io);
	} catch (error) {
		report(error, io);
		return error instanceof CommandError ? error.exitStatus : 1;
	}
}

async function dispatch([first = "run", ...rest]: readonly string[], io: CommandIo): Promise<number> {
	if (first === "--version" || first === "-V") {
		const { version } = await import("./version.js");
		io.stdout.write(`${version}\n`);
		return 0;
	}
	if (first === "--help" || first === "-h" || first === "help") return help(rest[0], io);
	if (asksForHelp(rest)) return help(first, io);
	if (!Object.hasOwn(COMMANDS, first)) return unknown(first);
	const command = await COMMANDS[first as CommandName](io);
	return command(rest, io);
}

/** Each command is loaded when it is called: the agent must not carry the code of the others in memory. */
const COMMANDS: Readonly<Record<CommandName, (io: CommandIo) => Promise<Command>>> = {
	run: async (io) => {
		if (io.env.AWS_LAMBDA_RUNTIME_API) return COMMANDS.lambda(io);
		const stop = new StopRequest(io.process);
		const { run } = await import("./commands/run.js");
		return (args, io) => run(args, io, stop);
	},
	lambda: async (io) => {
		const stop = new StopRequest(io.process);
		const { lambda } = await import("./commands/lambda.js");
		return (args, io) => lambda(args, io, stop);
	},
	exec: async (io) => {
		const { leaveProcessOne } = await import("./exec/process-one.js");
		leaveProcessOne(io);
		const signals = new SignalRelay(io.process, io.isInteractive);
		const { exec } = await import("./commands/exec.js");
		return (args, io) => exec(args, io, signals);
	},
	health: async () => (await import("./commands/health.js")).health,
	keygen: async () => (await import("./commands/keygen.js")).keygen,
	pack: async () => (await import("./commands/pack.js")).pack,
	inspect: async () => (await import("./commands/inspect.js")).inspect,
	verify: async () => (await import("./commands/verify.js")).verify,
	revoke: async () => (await import("./commands/revoke.js")).revoke,
};

/** What follows `--` belongs to another program. */
function asksForHelp(args: readonly string[]): boolean {
	const end = args.indexOf("--");
	const own = end === -1 ? args : args.slice(0, end);
	return own.includes("--help") || own.includes("-h");
}

async function help(command: string | undefined, io: CommandIo): Promise<number> {
	const { helpText, isCommandName } = await import("./usage.js");
	if (command !== undefined && !isCommandName(command)) return unknown(command);
	io.stdout.write(helpText(command));
	return 0;
}

async function unknown(word: string): Promise<never> {
	const { unknownWord } = await import("./arguments.js");
	throw unknownWord(word, Object.keys(COMMANDS));
}

function report(error: unknown, io: CommandIo): void {
	if (isKnownError(error)) {
		io.stderr.write(`clef-agent: ${known(error)}\n`);
		if ("hint" in error && typeof error.hint === "string") io.stderr.write(`  ${error.hint}\n`);
		return;
	}
	const { name, message, stack } = error instanceof Error ? error : new TypeError(String(error));
	io.stderr.write(`clef-agent: unexpected failure: ${name}: ${message}\n`);
	if (io.env.CLEF_AGENT_LOG_LEVEL === "debug") io.stderr.write(`${stack}\n`);
}

/** A configuration can have many problems, and they are told together. */
function known(error: Error): string {
	const problems = "problems" in error && Array.isArray(error.problems) ? error.problems : [];
	if (problems.length < 2) return error.message;
	return [`the configuration has ${problems.length} problems:`, ...problems].join("\n  ");
}
