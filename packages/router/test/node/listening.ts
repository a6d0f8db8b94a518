import { afterEach } from "vitest";
import { createRouter } from "../../src/create-router.js";
import type { ListenLimits } from "../../src/node/limits.js";
import { type Listener, listen } from "../../src/node/listen.js";
import type { ServedRequest } from "../../src/node/served-request.js";
import type { RoutedAgent } from "../../src/routes.js";
import { TOKEN } from "../requests.js";

const open = new Set<Listener>();

afterEach(async () => {
	await Promise.all([...open].map((listener) => listener.close(0)));
	open.clear();
});

/** Serves an agent on a free port until the test ends. */
export async function serveAgent(
	agent: RoutedAgent,
	limits: Partial<ListenLimits> = {},
	onRequest?: (request: ServedRequest) => void,
): Promise<Listener> {
	const options = { port: 0, limits, ...(onRequest && { onRequest }) };
	const listener = await listen(createRouter(agent, { token: TOKEN }), options);
	open.add(listener);
	return listener;
}

/** The text of a GET that keeps the connection open. */
export function getText(path: string, ...headers: string[]): string {
	const all = ["Host: localhost", `Authorization: Bearer ${TOKEN}`, ...headers];
	return `GET ${path} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n`;
}

/** The text of a GET that asks for the connection to be closed. */
export function lastGetText(path: string, ...headers: string[]): string {
	return getText(path, ...headers, "Connection: close");
}
