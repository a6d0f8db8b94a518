import { once } from "node:events";
import {
	createServer,
	request as forward,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { listenOnLoopback } from "./loopback.js";

/** What a proxy was asked for. */
export interface ProxiedRequest {
	readonly method: string;

	/** `host:port` of a tunnel, or the whole URL of an http request. */
	readonly target: string;

	/** `Proxy-Authorization`. */
	readonly authorization: string | undefined;
}

/** How a proxy treats everything it is asked for. */
export type ProxyMode =
	| { readonly kind: "pass" }
	| { readonly kind: "refuse"; readonly status: number }
	| { readonly kind: "hang up" }
	| { readonly kind: "silence" };

/** A real HTTP proxy on 127.0.0.1 that knows names of its own. */
export interface ProxyServer {
	/** Its address, such as `http://127.0.0.1:40123`. */
	readonly url: string;

	/** Everything it was asked for so far, oldest first. */
	readonly requests: readonly ProxiedRequest[];

	/** From now on: how everything is treated. */
	become(mode: ProxyMode): void;

	/** Cuts all connections and stops. */
	close(): Promise<void>;
}

/**
 * Starts a proxy that passes CONNECT tunnels and requests in absolute form on to 127.0.0.1.
 *
 * @param ports where each host name leads; any other is answered with 502, as by a proxy that finds no such host.
 */
export async function startProxy(ports: Readonly<Record<string, number>>): Promise<ProxyServer> {
	const requests: ProxiedRequest[] = [];
	const sockets = new Set<Duplex>();
	let mode: ProxyMode = { kind: "pass" };
	const record = ({ method = "", url = "", headers }: IncomingMessage): void => {
		requests.push({ method, target: url, authorization: headers["proxy-authorization"] });
	};
	const server = createServer((request, response) => {
		record(request);
		if (mode.kind === "pass") passOn(request, response, ports);
		else if (mode.kind === "refuse") response.writeHead(mode.status).end("refused");
		else if (mode.kind === "hang up") response.destroy();
	});
	server.on("connect", (request, socket, head) => {
		record(request);
		if (mode.kind === "pass") tunnel(request, socket, head, ports, sockets);
		else if (mode.kind === "refuse") answer(socket, mode.status);
		else if (mode.kind === "hang up") socket.destroy();
	});
	server.on("connection", (socket) => hold(socket, sockets));
	const port = await listenOnLoopback(server);
	return {
		url: `http://127.0.0.1:${port}`,
		requests,
		become: (next) => {
			mode = next;
		},
		close: () => stop(server, sockets),
	};
}

function tunnel(
	{ url = "" }: IncomingMessage,
	client: Duplex,
	head: Buffer,
	ports: Readonly<Record<string, number>>,
	sockets: Set<Duplex>,
): void {
	const port = ports[url.replace(/:\d+$/, "")];
	if (port === undefined) {
		answer(client, 502);
		return;
	}
	const target = connect(port, "127.0.0.1", () => {
		client.write("HTTP/1.1 200 Connection established\r\n\r\n");
		target.write(head);
		client.pipe(target).pipe(client);
	});
	hold(target, sockets);
	client.on("close", () => target.destroy());
	target.on("close", () => client.destroy());
}

function passOn(
	request: IncomingMessage,
	response: ServerResponse,
	ports: Readonly<Record<string, number>>,
): void {
	const { method, url = "", headers } = request;
	const { hostname, pathname, search } = new URL(url);
	const port = ports[hostname];
	if (port === undefined) {
		response.writeHead(502).end();
		return;
	}
	const options = { host: "127.0.0.1", port, method, path: pathname + search, headers };
	const onward = forward(options, (answered) => {
		response.writeHead(answered.statusCode ?? 502, answered.headers);
		answered.pipe(response);
	});
	onward.on("error", () => response.destroy());
	request.pipe(onward);
}

function answer(socket: Duplex, status: number): void {
	socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\n\r\n`);
}

/** Keeps hold of a connection, whose errors are its other end's to notice. */
function hold(socket: Duplex, sockets: Set<Duplex>): void {
	sockets.add(socket);
	socket.on("error", () => socket.destroy());
	socket.on("close", () => sockets.delete(socket));
}

async function stop(server: Server, sockets: ReadonlySet<Duplex>): Promise<void> {
	const closed = once(server, "close");
	server.close();
	for (const socket of sockets) socket.destroy();
	await closed;
}
