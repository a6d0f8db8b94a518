import type { Reading } from "./reading.js";
import { PORT, SOCKET, SOCKET_AUTH, SOCKET_MODE } from "./serving-variables.js";

/** A socket file to listen on. */
export interface SocketChoice {
	readonly path: string;
	readonly mode: number;
	/** Whether whoever can connect must know the token as well. */
	readonly asksToken: boolean;
}

/** Where the API is to be had; at least one of both. */
export interface ListenerChoice {
	/** On 127.0.0.1. */
	readonly port?: number;
	readonly socket?: SocketChoice;
}

const DEFAULT_PORT = 7779;
const OWNER_ONLY = 0o600;

/** Reads where to listen: by default on a port alone. */
export function chooseListeners(reading: Reading): ListenerChoice {
	const port = reading.value(PORT) ?? DEFAULT_PORT;
	const socket = chooseSocket(reading);
	if (port !== "none") return { port, ...(socket && { socket }) };
	if (socket !== undefined) return { socket };
	reading.problems.push("CLEF_AGENT_PORT is none and CLEF_AGENT_SOCKET is not set; set one of them.");
	return {};
}

function chooseSocket(reading: Reading): SocketChoice | undefined {
	const path = reading.value(SOCKET);
	const mode = reading.value(SOCKET_MODE) ?? OWNER_ONLY;
	const asksToken = reading.value(SOCKET_AUTH) !== "none";
	if (path === undefined) {
		for (const variable of [SOCKET_MODE, SOCKET_AUTH]) {
			if (reading.isGiven(variable))
				reading.problems.push(`${variable.name} is set without CLEF_AGENT_SOCKET; set both, or neither.`);
		}
		return undefined;
	}
	if (!asksToken && mode !== OWNER_ONLY) {
		reading.problems.push(
			"CLEF_AGENT_SOCKET_AUTH=none needs CLEF_AGENT_SOCKET_MODE=0600: others than the agent's user could connect.",
		);
	}
	return { path, mode, asksToken };
}
