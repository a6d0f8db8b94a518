import type { Agent } from "@clef-sh/core";
import { type Changes, createRouter } from "@clef-sh/router";
import { type Listening, listen, listenOnSocket } from "@clef-sh/router/node";
import type { Telemetry } from "@clef-sh/telemetry";
import type { ServingSetup } from "./serving-setup.js";

/** The API as it is served, on a port, on a socket or on both. */
export interface Listeners extends Listening {
	/** Undefined without TCP. */
	readonly port: number | undefined;
	/** For people. */
	readonly addresses: readonly string[];
	/** Whether there is a way in for which a client must know the token. */
	readonly asksToken: boolean;
}

/** What the API is made from besides an agent. */
export interface ListenersParts extends Pick<ServingSetup, "config" | "live"> {
	readonly telemetry: Telemetry | undefined;
}

/** Serves an agent wherever the configuration says; rejects with `RouterError` when one of the places cannot be had. */
export async function listenEverywhere(
	agent: Agent,
	changes: Changes,
	{ config, live, telemetry }: ListenersParts,
): Promise<Listeners> {
	const metrics = config.metrics && telemetry && (() => telemetry.metrics());
	const router = createRouter(agent, {
		token: live.current,
		changes,
		refresh: () => agent.refreshAnew(),
		...(metrics && { metrics }),
	});
	const onRequest = telemetry?.request;
	const watched = onRequest && { onRequest };
	const { port, socket } = config;
	const overTcp = port === undefined ? undefined : await listen(router, { port, ...watched });
	try {
		const overSocket = socket && (await listenOnSocket(router, { ...socket, ...watched }));
		return {
			port: overTcp?.port,
			addresses: [
				...(overTcp ? [`http://127.0.0.1:${overTcp.port}`] : []),
				...(socket ? [`unix:${socket.path}`] : []),
			],
			asksToken: overTcp !== undefined || socket?.asksToken === true,
			close: async (graceMs) => {
				await Promise.all([overTcp?.close(graceMs), overSocket?.close(graceMs)]);
			},
		};
	} catch (error) {
		await overTcp?.close(0);
		throw error;
	}
}
