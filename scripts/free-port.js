// Finds ports for servers that cannot be told to take any.

import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port on 127.0.0.1 where nothing listened a moment ago.
 * @param {number} [wanted] this one; rejects where it is taken
 * @returns {Promise<number>}
 */
export async function freePort(wanted = 0) {
	const server = createServer();
	await once(server.listen(wanted, "127.0.0.1"), "listening");
	const address = /** @type {import("node:net").AddressInfo} */ (server.address());
	server.close();
	await once(server, "close");
	return address.port;
}
