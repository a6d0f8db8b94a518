import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHeaders } from "../request-headers.js";
import { pathOf } from "../request-target.js";
import { type RouteRequest, whenClientGone } from "../route-request.js";

/** A request as Node's parser hands it over, after the guard has looked at it. */
export class NodeRequest implements RouteRequest {
	readonly method: string;
	readonly path: string;
	readonly headers: RequestHeaders;
	readonly hostToCheck = undefined;
	readonly asksToken: boolean;
	readonly #incoming: IncomingMessage;
	readonly #outgoing: ServerResponse;

	constructor(
		incoming: IncomingMessage,
		outgoing: ServerResponse,
		headers: RequestHeaders,
		asksToken: boolean,
	) {
		this.method = incoming.method ?? "";
		this.path = pathOf(incoming.url ?? "");
		this.headers = headers;
		this.asksToken = asksToken;
		this.#incoming = incoming;
		this.#outgoing = outgoing;
	}

	query(name: string): string | undefined {
		const { url = "" } = this.#incoming;
		if (url.length === this.path.length) return undefined;
		return new URLSearchParams(url.slice(this.path.length)).get(name) ?? undefined;
	}

	whenGone(leave: () => void): () => void {
		return whenClientGone({ incoming: this.#incoming, outgoing: this.#outgoing }, leave);
	}
}
