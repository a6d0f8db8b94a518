import { refusal } from "./refusal.js";
import type { Reply } from "./reply.js";

/** The answer to a request that was not addressed to this machine by one of its two names. */
export const HOST_REFUSED: Reply = refusal(
	403,
	"HOST_REFUSED",
	"This API answers only to the hosts 127.0.0.1 and localhost; address it by one of these names.",
);

/**
 * A check for the `Host` header: `127.0.0.1` or `localhost`, alone or followed by the port.
 *
 * It defeats DNS rebinding, so it accepts no other spelling of the loopback address. Without `port` (a
 * router that does not know where it listens) any port number is accepted.
 */
export function createHostCheck(port?: number): (host: string) => boolean {
	const pattern = new RegExp(`^(?:127\\.0\\.0\\.1|localhost)(?::${port ?? "\\d{1,5}"})?$`, "i");
	const usual = `127.0.0.1:${port}`;
	return (host) => host === usual || pattern.test(host);
}

const isLoopback = createHostCheck();

/** Refuses a request for another host; a `Host` header given twice arrives joined, and is refused too. */
export function refuseHost(host: string): Reply | undefined {
	return isLoopback(host) ? undefined : HOST_REFUSED;
}
