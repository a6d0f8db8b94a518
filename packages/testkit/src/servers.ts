import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { closeServer, listenOnLoopback } from "./loopback.js";

export { behaviours, type Stream, stream } from "./behaviours.js";

/** What a server does with a request. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A request as it came in. */
export interface RecordedRequest {
	readonly method: string;

	/** Path and query, as on the request line. */
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** A real HTTP server on 127.0.0.1. */
export interface TestServer {
	/** Its origin, such as `http://127.0.0.1:40123`, without a slash at the end. */
	readonly url: string;

	/** Every request so far, oldest first. */
	readonly requests: readonly RecordedRequest[];

	/** Answers the coming requests with these, one each; the last stays. */
	respondWith(...behaviours: readonly [Behaviour, ...Behaviour[]]): void;

	/** Resolves the next time a client closes the connection before all of its answer was handed to the system. */
	nextHangUp(): Promise<void>;

	/** Cuts all connections and stops. */
	close(): Promise<void>;
}

/** Starts a server that answers 404 until it is told otherwise. */
export async function startServer(...first: readonly Behaviour[]): Promise<TestServer> {
	const requests: RecordedRequest[] = [];
	const hangUps: (() => void)[] = [];
	let queue = [...first];
	const server = createServer(async (request, response) => {
		const { method = "", url = "", headers } = request;
		response.once("close", () => {
			if (!response.writableFinished) for (const resolve of hangUps.splice(0)) resolve();
		});
		// Taken before the body is read: two requests at once get the behaviours in the order they came.
		const behaviour = queue.length > 1 ? queue.shift() : queue[0];
		requests.push({ method, url, headers, body: await text(request) });
		if (behaviour === undefined) response.writeHead(404).end();
		else behaviour(request, response);
	});
	const port = await listenOnLoopback(server);
	return {
		url: `http://127.0.0.1:${port}`,
		requests,
		respondWith: (...behaviours) => {
			queue = [...behaviours];
		},
		nextHangUp: () => new Promise((resolve) => hangUps.push(resolve)),
		close: () => closeServer(server),
	};
}

/** An origin on 127.0.0.1 where nothing listens: a port that was free a moment ago. */
export async function deadOrigin(): Promise<string> {
	const server = await startServer();
	await server.close();
	return server.url;
}
