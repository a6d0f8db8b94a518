import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { RouterError } from "../router-error.js";

const HOST = "127.0.0.1";

/**
 * Listens on the loopback address and gives the port; rejects with `RouterError` when it cannot be had.
 */
export function bind(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		const fail = (error: NodeJS.ErrnoException) => reject(bindError(error, port));
		server.once("error", fail);
		try {
			server.listen({ host: HOST, port }, () => {
				server.off("error", fail);
				resolve((server.address() as AddressInfo).port);
			});
		} catch (error) {
			// What is no port at all, Node refuses at once.
			fail(error as NodeJS.ErrnoException);
		}
	});
}

/** One sentence on why a port cannot be had; for the common reasons, with what to do. */
export function bindError(cause: NodeJS.ErrnoException, port: number): RouterError {
	const where = `Port ${port} on ${HOST}`;
	const hint = "set CLEF_AGENT_PORT";
	if (cause.code === "EADDRINUSE") {
		const message = `${where} is already in use; stop the other process or ${hint}.`;
		return new RouterError("CONFIG_INVALID", message, { cause });
	}
	const message =
		cause.code === "EACCES"
			? `${where} needs privileges that this process does not have; ${hint} to 1024 or above.`
			: `${where} cannot be listened on${cause.code === undefined ? "" : ` (${cause.code})`}; ${hint} to another port.`;
	return new RouterError("CONFIG_INVALID", message, { cause });
}
