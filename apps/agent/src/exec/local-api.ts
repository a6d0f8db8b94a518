import { resolve } from "node:path";
import type { CommandIo } from "../command-io.js";
import { listenEverywhere } from "../listeners.js";
import { followToken, type ServingSetup } from "../serving-setup.js";
import type { StartedAgent } from "../start-agent.js";
import type { Variables } from "./secret-variables.js";

/** The HTTP API beside a command. */
export interface LocalApi {
	/** With which the command reaches it: the port, the socket and the token of this moment. */
	variables(): Variables;
	close(): Promise<void>;
}

/** Nobody but the command is expected to ask, and it has ended. */
const GRACE_MS = 500;

/** Listens as `run` does. */
export async function serveLocally(
	{ config, live, log }: ServingSetup,
	{ agent, changes, telemetry }: StartedAgent,
	io: CommandIo,
): Promise<LocalApi> {
	const listeners = await listenEverywhere(agent, changes, { config, live, telemetry });
	const following = followToken(live, io);
	const url = listeners.addresses.join(" and ");
	log.info(`listening on ${url}`, { event: "listening", url });
	return {
		variables: () => ({
			...(listeners.port !== undefined && { CLEF_AGENT_PORT: String(listeners.port) }),
			...(config.socket && { CLEF_AGENT_SOCKET: resolve(io.cwd, config.socket.path) }),
			...(listeners.asksToken && { CLEF_AGENT_TOKEN: live.current() }),
		}),
		close: async () => {
			following.abort();
			changes.close();
			await Promise.race([listeners.close(GRACE_MS), io.after(2 * GRACE_MS)]);
		},
	};
}
