import { type Agent, type AgentEvent, createAgent, createOutboundFetch, systemClock } from "@clef-sh/core";
import { Changes } from "@clef-sh/router";
import type { CommandIo } from "./command-io.js";
import { EventLog } from "./event-log.js";
import type { ServiceManager } from "./service-manager.js";
import type { ServingSetup } from "./serving-setup.js";
import { sinks, startTelemetry } from "./start-telemetry.js";
import { serviceManager } from "./systemd.js";

/** An agent with all that is told of it. */
export interface StartedAgent {
	readonly agent: Agent;
	/** Wakes clients of the API that wait for other secrets. */
	readonly changes: Changes;
	/** Told nothing yet. */
	readonly manager: ServiceManager | undefined;
	readonly telemetry: Awaited<ReturnType<typeof startTelemetry>>;
	/** Where artifacts are read, as the log names it. */
	readonly source: string | undefined;
	/** Wipes what is decrypted, and gives what reports a moment for its last word. */
	close(): Promise<void>;
}

/** Time that a last word to the service manager gets. */
const LAST_WORD_MS = 500;
/** Time that telemetry gets to be delivered. */
const FLUSH_MS = 1_000;

/** Starts the agent, which begins to read its source; `onEvent` is told what happens after the log was. */
export async function startAgent(
	{ config, log }: ServingSetup,
	io: CommandIo,
	onEvent: (event: AgentEvent) => void,
): Promise<StartedAgent> {
	let agent: Agent | undefined;
	const events = new EventLog(log, () => agent?.status().lastRefreshAt ?? null);
	const fetch = createOutboundFetch(io.env);
	const telemetry = await startTelemetry({ config, fetch, io, log, agent: () => agent });
	const manager = serviceManager(io, systemClock(), log);
	const changes = new Changes();
	const write = (event: AgentEvent): void => {
		events.write(event);
		changes.write(event);
		onEvent(event);
	};
	const started = await createAgent({
		...config.agent,
		firstLoad: "background",
		...sinks({ write }, telemetry),
	});
	agent = started;
	const close = async (): Promise<void> => {
		manager?.stopping();
		await started.close();
		const told = manager && Promise.race([manager.close(), io.after(LAST_WORD_MS)]);
		await Promise.all([telemetry?.close(FLUSH_MS), told]);
	};
	return { agent: started, changes, manager, telemetry, source: events.source, close };
}
