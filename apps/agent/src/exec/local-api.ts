import { createRouter } from "@clef-sh/router";
import { type Listener, listen } from "@clef-sh/router/node";
import type { CommandIo } from "../command-io.js";
import { followToken, type ServingSetup } from "../serving-setup.js";
import type { ExecAgent } from "./exec-agent.js";
import type { Variables } from "./secret-variables.js";

/** The HTTP API beside a command. */
export interface LocalApi {
	/** With which the command reaches it: the port and the token of this moment. */
	variables(): Variables;
	close(): Promise<void>;
}

/** Nobody but the command is expected to ask, and it has ended. */
const GRACE_MS = 500;

/** Listens on 127.0.0.1 as `run` does. */
export async function serveLocally(
	{ config, live, log }: ServingSetup,
	{ agent, telemetry }: ExecAgent,
	io: CommandIo,
): Promise<LocalApi> {
	const metrics = config.metrics && telemetry && (() => telemetry.metrics());
	const router = createRouter(agent, { token: live.current, ...(metrics && { metrics }) });
	const onRequest = telemetry?.request;
	const listener: Listener = await listen(router, { port: config.port, ...(onRequest && { onRequest }) });
	const following = followToken(live, io);
	const url = `http://127.0.0.1:${listener.port}`;
	log.info(`listening on ${url}`, { event: "listening", url });
	return {
		variables: () => ({ CLEF_AGENT_PORT: String(listener.port), CLEF_AGENT_TOKEN: live.current() }),
		close: async () => {
			following.abort();
			await Promise.race([listener.close(GRACE_MS), io.after(2 * GRACE_MS)]);
		},
	};
}
