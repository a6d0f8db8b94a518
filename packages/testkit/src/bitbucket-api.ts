import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type Behaviour, startServer, type TestServer } from "./servers.js";

/** What the API says to one request. */
export interface Answer {
	readonly status: number;
	readonly headers?: OutgoingHttpHeaders;
	readonly body?: Uint8Array | string;
}

/** One request and what it cost. */
export interface Exchange {
	readonly url: string;
	readonly authorization: string | undefined;
	readonly status: number;
	readonly responseBytes: number;
}

/** A server with an API, which can be made to misbehave. */
export interface BitbucketApi {
	readonly server: TestServer;

	/** What the API has answered, oldest first; without what other behaviours did in its place. */
	readonly exchanges: readonly Exchange[];

	/** Lets these behaviours answer the coming requests whose URL matches, one each; the last stays. */
	interpose(behaviours: readonly Behaviour[], where?: RegExp): void;

	/** Ends all interposing. */
	behave(): void;
}

/** Starts a server on loopback that answers by `answer`. */
export async function startBitbucketApi(answer: (request: IncomingMessage) => Answer): Promise<BitbucketApi> {
	const exchanges: Exchange[] = [];
	let behaviours: Behaviour[] = [];
	let where = /./;
	const respond = (request: IncomingMessage, response: ServerResponse): void => {
		const { url = "", headers } = request;
		const misbehaviour = where.test(url) ? behaviours[0] : undefined;
		if (misbehaviour !== undefined) {
			if (behaviours.length > 1) behaviours.shift();
			misbehaviour(request, response);
			return;
		}
		const { status, headers: own = {}, body = "" } = answer(request);
		const responseBytes = Buffer.byteLength(body);
		exchanges.push({ url, authorization: headers.authorization, status, responseBytes });
		response.writeHead(status, status === 304 ? own : { "content-length": responseBytes, ...own }).end(body);
	};
	const server = await startServer(respond);
	return {
		server,
		exchanges,
		interpose: (coming, matching = /./) => {
			behaviours = [...coming];
			where = matching;
		},
		behave: () => {
			behaviours = [];
		},
	};
}
