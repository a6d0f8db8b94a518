// An HTTP source that counts what its answers and the requests for them take.

import { once } from "node:events";
import { createServer } from "node:http";

/** Serves one artifact on loopback, with an ETag. */
export class CountedSource {
	#server = createServer((request, response) => this.#answer(request, response));
	/** @type {Set<import("node:net").Socket>} */
	#sockets = new Set();
	/** @type {() => void} */
	#answered = () => undefined;
	#etag = '"1"';
	bodyBytes = 0;
	url = "";

	/** @param {Buffer} artifact */
	constructor(artifact) {
		this.artifact = artifact;
	}

	async listen() {
		this.#server.on("connection", (socket) => this.#sockets.add(socket));
		await once(this.#server.listen(0, "127.0.0.1"), "listening");
		const address = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
		this.url = `http://127.0.0.1:${address.port}/artifact.json`;
	}

	/** Bytes in both directions so far, heads included. */
	wireBytes() {
		return [...this.#sockets].reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0);
	}

	/** Settles once the next request has its answer. @returns {Promise<void>} */
	nextAnswer() {
		return new Promise((resolve) => {
			this.#answered = resolve;
		});
	}

	async close() {
		this.#server.closeAllConnections();
		this.#server.close();
		await once(this.#server, "close");
	}

	/** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
	#answer(request, response) {
		const isKnown = request.headers["if-none-match"] === this.#etag;
		const body = isKnown ? Buffer.alloc(0) : this.artifact;
		this.bodyBytes += body.length;
		response.once("finish", () => this.#answered());
		response.writeHead(isKnown ? 304 : 200, { ETag: this.#etag }).end(body);
	}
}
