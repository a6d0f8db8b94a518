import { constants } from "node:os";
import { parseArguments, usageError } from "../arguments.js";
import { parseDuration } from "../duration.js";

/** Which secrets become variables, and under which names. */
export interface Naming {
	/** Goes before every name that `mapped` does not give. */
	readonly prefix: string;
	/** Names of secrets; undefined means all of them. */
	readonly only: readonly string[] | undefined;
	readonly mapped: readonly Mapping[];
}

/** A variable that the user named, and the secret it gets. */
interface Mapping {
	readonly variable: string;
	readonly secret: string;
}

/** What happens to the command when values that it was given have changed. */
export type ChangeReaction =
	| { readonly kind: "keep" | "restart" }
	| { readonly kind: "signal"; readonly signal: NodeJS.Signals };

/** How `exec` was called. */
export interface ExecOptions {
	readonly program: string;
	readonly args: readonly string[];
	readonly naming: Naming;
	readonly onChange: ChangeReaction;
	/** Whether the HTTP API runs beside the command. */
	readonly serves: boolean;
	readonly stopsOnRevoke: boolean;
	/** Time between SIGTERM and SIGKILL. */
	readonly graceSeconds: number;
	/** How long to wait for the first secrets; undefined: for ever. */
	readonly timeoutSeconds: number | undefined;
}

const DEFAULT_GRACE_SECONDS = 10;

const OPTIONS = {
	"restart-on-change": { type: "boolean" },
	"signal-on-change": { type: "string" },
	"stop-on-revoke": { type: "boolean" },
	prefix: { type: "string" },
	only: { type: "string", multiple: true },
	map: { type: "string", multiple: true },
	serve: { type: "boolean" },
	grace: { type: "string" },
	timeout: { type: "string" },
} as const;

/** Reads the arguments of `exec`; a mistake is a CommandError COMMAND_USAGE. */
export function parseExecOptions(args: readonly string[]): ExecOptions {
	const end = args.indexOf("--");
	const { values } = parseArguments("exec", end === -1 ? args : args.slice(0, end), { options: OPTIONS });
	const [program, ...rest] = end === -1 ? [] : args.slice(end + 1);
	if (program === undefined || program === "")
		throw usageError("exec", "-- and the command to run are missing");
	const { grace, only, prefix = "", serve = false, timeout } = values;
	const mapped = (values.map ?? []).map((text) => mappingOf(text, serve));
	return {
		program,
		args: rest,
		naming: { prefix, only: only?.flatMap((names) => names.split(",")), mapped },
		onChange: reactionOf(values["restart-on-change"] ?? false, values["signal-on-change"]),
		serves: serve,
		stopsOnRevoke: values["stop-on-revoke"] ?? false,
		graceSeconds: secondsOf("--grace", grace) ?? DEFAULT_GRACE_SECONDS,
		timeoutSeconds: secondsOf("--timeout", timeout),
	};
}

function reactionOf(restarts: boolean, signal: string | undefined): ChangeReaction {
	if (signal === undefined) return { kind: restarts ? "restart" : "keep" };
	if (restarts) throw usageError("exec", "--restart-on-change and --signal-on-change exclude each other");
	return { kind: "signal", signal: signalOf(signal) };
}

function signalOf(text: string): NodeJS.Signals {
	const name = text.toUpperCase().replace(/^(?:SIG)?/, "SIG");
	if (isSignal(name)) return name;
	throw usageError("exec", `--signal-on-change ${JSON.stringify(text)} is not a signal like SIGHUP`);
}

function isSignal(name: string): name is NodeJS.Signals {
	return Object.hasOwn(constants.signals, name);
}

/** The variables with which the command reaches the API that `--serve` starts. */
const OWN_VARIABLES: ReadonlySet<string> = new Set(["CLEF_AGENT_PORT", "CLEF_AGENT_TOKEN"]);

function mappingOf(text: string, serves: boolean): Mapping {
	const equals = text.indexOf("=");
	const [variable, secret] = [text.slice(0, Math.max(equals, 0)), text.slice(equals + 1)];
	if (variable === "" || secret === "") {
		throw usageError("exec", `--map ${JSON.stringify(text)} is not of the form VARIABLE=SECRET`);
	}
	if (serves && OWN_VARIABLES.has(variable)) throw usageError("exec", `--serve itself sets ${variable}`);
	return { variable, secret };
}

function secondsOf(option: string, text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const seconds = parseDuration(text);
	if (seconds !== undefined) return seconds;
	throw usageError("exec", `${option} ${JSON.stringify(text)} is not a duration like 10, 90s or 5m`);
}
