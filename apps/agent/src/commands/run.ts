import type { Agent } from "@clef-sh/core";
import type { AgentToken } from "../agent-token.js";
import { parseArguments } from "../arguments.js";
import type { CommandIo } from "../command-io.js";
import { type Listeners, listenEverywhere } from "../listeners.js";
import type { Log } from "../log.js";
import type { RotatingToken } from "../rotating-token.js";
import type { ServiceManager } from "../service-manager.js";
import { followToken, type ServingSetup, setUpServing, warnOfWithheldToken } from "../serving-setup.js";
import { type StartedAgent, startAgent } from "../start-agent.js";
import { StopRequest } from "../stop-request.js";

/** Time that requests under way get to finish. */
const GRACE_MS = 2_500;
/** All of stopping but for telemetry; an orchestrator may kill after 5 seconds (D36). */
const STOP_MS = 3_500;

/** `clef-agent run`: serves until SIGTERM or SIGINT. `stop` may already have seen one. */
export async function run(
	args: readonly string[],
	io: CommandIo,
	stop: StopRequest = new StopRequest(io.process),
): Promise<number> {
	parseArguments("run", args, { options: {} });
	const setup = setUpServing(io);
	if (io.uid === 0) warnOfRoot(setup.log);
	return Promise.race([serve(setup, io, stop), stop.insisted.then(() => 0), setup.crashed]);
}

async function serve(setup: ServingSetup, io: CommandIo, stop: StopRequest): Promise<number> {
	const { config, live, log, token } = setup;
	let started: StartedAgent | undefined;
	// Events are told in the middle of a change; its end is what counts.
	const observe = () => queueMicrotask(() => started?.manager?.observe(started.agent.status()));
	started = await startAgent(setup, io, observe);
	const { agent, changes, manager, telemetry } = started;
	const refresh = refreshOn(agent, live, log, manager);
	const following = followToken(live, io);
	io.process.on("SIGHUP", refresh);
	try {
		const listeners = await listenEverywhere(agent, changes, { config, live, telemetry });
		announce(listeners, started, token, io, log);
		manager?.started(agent.status());
		const signal = await stop.requested;
		log.info(`${signal}: stopping`, { event: "agent.stopping" });
		manager?.stopping();
		// Whoever waits for changes would else be waited for.
		changes.close();
		await Promise.race([listeners.close(GRACE_MS), io.after(STOP_MS)]);
	} finally {
		io.process.off("SIGHUP", refresh);
		following.abort();
		// Whatever ended it, nothing decrypted stays in memory.
		await started.close();
	}
	return 0;
}

function refreshOn(
	agent: Agent,
	live: RotatingToken,
	log: Log,
	manager: ServiceManager | undefined,
): () => void {
	return () => {
		log.info("SIGHUP: refreshing now", { event: "agent.refreshing" });
		const refreshed = agent.refreshAnew();
		manager?.reloading(refreshed);
		void live.follow();
	};
}

/** Said everywhere: in a container too, root is one flaw of the kernel away from the machine. */
function warnOfRoot(log: Log): void {
	log.warn(
		"running as root, which the agent never needs: give it a user of its own " +
			"(User= or DynamicUser= in systemd, runAsUser in Kubernetes, user in ECS and Compose)",
		{ event: "process.root" },
	);
}

function announce(
	{ addresses, asksToken }: Listeners,
	{ agent, source }: StartedAgent,
	{ token, handover }: AgentToken,
	io: CommandIo,
	log: Log,
): void {
	const url = addresses.join(" and ");
	const { mode } = agent.status();
	log.info(`listening on ${url}, source ${source}, mode ${mode}`, { event: "listening", url, source, mode });
	if (handover !== "generated" || !asksToken) return;
	if (io.stderr.isTTY === true) {
		// On a terminal a person started it, and this is the only way they can learn it.
		io.stderr.write(`Token for this run: ${token}\n`);
		return;
	}
	warnOfWithheldToken(log);
}
