import { randomBytes } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Agent, createAgent } from "@clef-sh/core";
import { configFromEnvironment, type EnvironmentConfig } from "@clef-sh/core/env";
import { createRouter } from "@clef-sh/router";
import { type Listener, listen } from "@clef-sh/router/node";
import { type AgentToken, obtainToken } from "../agent-token.js";
import { parseArguments } from "../arguments.js";
import { CommandError } from "../command-error.js";
import type { CommandIo } from "../command-io.js";
import { EventLog } from "../event-log.js";
import { createLog, type Log } from "../log.js";
import { RotatingToken } from "../rotating-token.js";
import { StopRequest } from "../stop-request.js";

/** Time that requests under way get to finish. */
const GRACE_MS = 2_500;
/** All of stopping; an orchestrator may kill after 5 seconds (D36). */
const STOP_MS = 3_500;
/** How old the token's file may be before the agent notices that it was rotated. */
const TOKEN_LOOK_MS = 5_000;
/** A pipe that nobody writes to any more reads as empty, where it would otherwise be waited for without end. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** `clef-agent run`: serves until SIGTERM or SIGINT. `stop` may already have seen one. */
export async function run(
	args: readonly string[],
	io: CommandIo,
	stop: StopRequest = new StopRequest(io.process),
): Promise<number> {
	parseArguments("run", args, { options: {} });
	assertNoInspector(io.inspectorUrl());
	const config = configFromEnvironment(
		io.env,
		(path) => readFileSync(resolve(io.cwd, path), "utf8"),
		(path) => readFile(resolve(io.cwd, path), { encoding: "utf8", flag: WITHOUT_WAITING }),
	);
	const log = createLog(io.stderr, {
		level: config.logLevel,
		format: config.logFormat ?? (io.stderr.isTTY === true ? "text" : "json"),
	});
	for (const warning of config.warnings) log.warn(warning);
	const crashed = crash(io, log);
	const { rereadToken, ...origin } = config;
	const token = obtainToken({ ...origin, cwd: io.cwd, randomBytes });
	const live = new RotatingToken(token.token, rereadToken, (sentence) =>
		log.warn(sentence, { event: "token.unusable" }),
	);
	return Promise.race([serve(config, token, live, io, log, stop), stop.insisted.then(() => 0), crashed]);
}

async function serve(
	config: EnvironmentConfig,
	token: AgentToken,
	live: RotatingToken,
	io: CommandIo,
	log: Log,
	stop: StopRequest,
): Promise<number> {
	let agent: Agent | undefined;
	const events = new EventLog(log, () => agent?.status().lastRefreshAt ?? null);
	agent = await createAgent({ ...config.agent, firstLoad: "background", onEvent: events.write });
	const refresh = refreshOn(agent, live, log);
	const following = follow(live, io);
	io.process.on("SIGHUP", refresh);
	try {
		const listener = await listen(createRouter(agent, { token: live.current }), { port: config.port });
		announce(listener, agent, token, events.source, io, log);
		const signal = await stop.requested;
		log.info(`${signal}: stopping`, { event: "agent.stopping" });
		await Promise.race([listener.close(GRACE_MS), io.after(STOP_MS)]);
	} finally {
		io.process.off("SIGHUP", refresh);
		following.abort();
		// Whatever ended it, nothing decrypted stays in memory.
		await agent.close();
	}
	return 0;
}

/** Whoever attaches a debugger reads every secret, so an agent with an open inspector must not come to hold any. */
function assertNoInspector(url: string | undefined): void {
	if (url === undefined) return;
	throw new CommandError(
		"CONFIG_INVALID",
		"Node's inspector is open, and through it every secret can be read",
		{
			hint: "start without --inspect, also in NODE_OPTIONS",
		},
	);
}

/** Looks at the token's file again and again, until it is aborted. */
function follow(live: RotatingToken, io: CommandIo): AbortController {
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

function refreshOn(agent: Agent, live: RotatingToken, log: Log): () => void {
	return () => {
		log.info("SIGHUP: refreshing now", { event: "agent.refreshing" });
		agent.sourceChanged();
		void live.follow();
	};
}

function announce(
	listener: Listener,
	agent: Agent,
	{ token, handover }: AgentToken,
	source: string | undefined,
	io: CommandIo,
	log: Log,
): void {
	const url = `http://127.0.0.1:${listener.port}`;
	const { mode } = agent.status();
	log.info(`listening on ${url}, source ${source}, mode ${mode}`, { event: "listening", url, source, mode });
	if (handover !== "generated") return;
	if (io.stderr.isTTY === true) {
		// On a terminal a person started it, and this is the only way they can learn it.
		io.stderr.write(`Token for this run: ${token}\n`);
		return;
	}
	log.warn(
		"no token was given, so one was generated that no application knows: set CLEF_AGENT_TOKEN, or set " +
			"CLEF_AGENT_TOKEN_FILE to a file in an existing folder that the application can read",
		{ event: "token.withheld" },
	);
}

/** Resolves to a failing status after the first error that nothing caught: the process is not to be trusted then. */
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
