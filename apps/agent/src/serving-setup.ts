import { randomBytes } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { configFromEnvironment, type EnvironmentConfig } from "@clef-sh/core/env";
import { type AgentToken, obtainToken } from "./agent-token.js";
import { CommandError } from "./command-error.js";
import type { CommandIo } from "./command-io.js";
import { createLog, type Log } from "./log.js";
import { RotatingToken } from "./rotating-token.js";

/** What serving begins with, whoever it serves. */
export interface ServingSetup {
	readonly config: EnvironmentConfig;
	readonly log: Log;
	readonly token: AgentToken;
	/** The token as its file has it now. */
	readonly live: RotatingToken;
	/** Resolves to a failing status after the first error that nothing caught. */
	readonly crashed: Promise<number>;
}

/** How old the token's file may be before the agent notices that it was rotated. */
const TOKEN_LOOK_MS = 5_000;
/** A pipe that nobody writes to any more reads as empty, where it would otherwise be waited for without end. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** What differs by who starts the agent. */
export interface Surroundings {
	/** Counts where no token is configured. */
	readonly fallbackToken?: string | undefined;
	/** What log lines as JSON look like. */
	readonly json?: "json" | "lambda-json";
}

/**
 * Reads the environment, begins the log and finds the token.
 *
 * Throws `AgentError` and `CommandError` (`CONFIG_INVALID`).
 */
export function setUpServing(io: CommandIo, surroundings: Surroundings = {}): ServingSetup {
	assertNoInspector(io.inspectorUrl());
	const config = configFromEnvironment(
		io.env,
		(path) => readFileSync(resolve(io.cwd, path), "utf8"),
		(path) => readFile(resolve(io.cwd, path), { encoding: "utf8", flag: WITHOUT_WAITING }),
	);
	const { fallbackToken, json = "json" } = surroundings;
	const format = config.logFormat ?? (io.stderr.isTTY === true ? "text" : "json");
	const log = createLog(io.stderr, { level: config.logLevel, format: format === "json" ? json : format });
	for (const warning of config.warnings) log.warn(warning, { event: "config.doubtful" });
	const crashed = crash(io, log);
	const { rereadToken, tokenFile, token: configured } = config;
	const given = configured ?? (tokenFile === undefined ? fallbackToken : undefined);
	const token = obtainToken({
		cwd: io.cwd,
		randomBytes,
		...(given !== undefined && { token: given }),
		...(tokenFile !== undefined && { tokenFile }),
	});
	const live = new RotatingToken(token.token, rereadToken, (sentence) =>
		log.warn(sentence, { event: "token.unusable", code: "CONFIG_INVALID" }),
	);
	return { config, log, token, live, crashed };
}

/** Looks at the token's file again and again, until the result is aborted. */
export function followToken(live: RotatingToken, io: CommandIo): AbortController {
	const stopping = new AbortController();
	const look = async (): Promise<void> => {
		while (!stopping.signal.aborted) {
			await io.after(TOKEN_LOOK_MS);
			await live.follow();
		}
	};
	if (live.rotates) void look();
	return stopping;
}

/** Says how an application can come to know a token that was generated and handed to nobody. */
export function warnOfWithheldToken(log: Log): void {
	log.warn(
		"no token was given, so one was generated that no application knows: set CLEF_AGENT_TOKEN, or set " +
			"CLEF_AGENT_TOKEN_FILE to a file in an existing folder that the application can read",
		{ event: "token.withheld" },
	);
}

/** Whoever attaches a debugger reads every secret, so an agent with an open inspector must not come to hold any. */
function assertNoInspector(url: string | undefined): void {
	if (url === undefined) return;
	const message = "Node's inspector is open, and through it every secret can be read";
	const hint = "start without --inspect, also in NODE_OPTIONS";
	throw new CommandError("CONFIG_INVALID", message, { hint });
}

/** The process is not to be trusted after an error that nothing caught. */
function crash(io: CommandIo, log: Log): Promise<number> {
	return new Promise((resolve) => {
		let isFirst = true;
		for (const kind of ["uncaughtException", "unhandledRejection"]) {
			io.process.on(kind, (reason) => {
				// What follows from the first one tells nothing new.
				if (!isFirst) return;
				isFirst = false;
				log.error(`unexpected failure, exiting: ${whereabouts(reason)}`, { event: "agent.crashed" });
				resolve(1);
			});
		}
	});
}

/** The kind of an unknown error and the places in the code it came through; its message may quote a secret. */
function whereabouts(reason: unknown): string {
	if (!(reason instanceof Error)) return `a thrown ${typeof reason}`;
	const frames = (reason.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
	return [reason.name, ...frames.slice(0, 5).map((frame) => frame.trim())].join(" ");
}
