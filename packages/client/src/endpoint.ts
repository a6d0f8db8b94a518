import { ClientError } from "./client-error.js";
import type { ReadVariable } from "./runtime.js";

const DEFAULT_PORT = "7779";

/** Where the token may travel without TLS: it does not leave the machine. */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The agent's origin, from the option, `CLEF_URL` or `CLEF_AGENT_PORT`.
 *
 * Throws `ClientError` (`CONFIG_INVALID`); its message does not repeat the URL, which may hold a password.
 */
export function agentOrigin(option: string | undefined, variable: ReadVariable): string {
	if (option !== undefined) return originOf(option, "The option `url`");
	const url = variable("CLEF_URL");
	if (url) return originOf(url, "CLEF_URL");
	const port = variable("CLEF_AGENT_PORT") || DEFAULT_PORT;
	if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
		throw invalid("CLEF_AGENT_PORT is not a port; set the number that the agent listens on.");
	return `http://127.0.0.1:${port}`;
}

function originOf(text: string, label: string): string {
	if (/^(?:https?\+)?unix:/i.test(text))
		throw invalid(`${label} names a Unix socket, which fetch cannot reach; use http://127.0.0.1:PORT.`);
	if (!URL.canParse(text)) throw invalid(`${label} is not a URL; write it as http://127.0.0.1:7779.`);
	const { protocol, hostname, origin, username, password, pathname, search, hash } = new URL(text);
	if (protocol !== "http:" && protocol !== "https:")
		throw invalid(`${label} is not an http(s) URL; write it as http://127.0.0.1:7779.`);
	if (username + password + search + hash !== "" || pathname !== "/")
		throw invalid(`${label} is more than scheme, host and port; leave out the rest.`);
	if (protocol === "http:" && !LOOPBACK.test(hostname))
		throw invalid(`${label} would send the token in the clear to another machine; use a loopback address.`);
	return origin;
}

function invalid(message: string): ClientError {
	return new ClientError("CONFIG_INVALID", message);
}
