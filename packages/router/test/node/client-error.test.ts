import { Duplex, PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { clientErrorReply, endSocket } from "../../src/node/client-error.js";
import { parseResponses } from "./raw-client.js";

describe("clientErrorReply", () => {
	it.each([
		["HPE_HEADER_OVERFLOW", 431],
		["HPE_INVALID_METHOD", 405],
		["ERR_HTTP_REQUEST_TIMEOUT", 408],
		["HPE_INVALID_TRANSFER_ENCODING", 400],
		[undefined, 400],
	])("L32 %s is %i", (code, status) => {
		expect(clientErrorReply(code).status).toBe(status);
	});
});

describe("endSocket", () => {
	it("writes a whole response that says it is the last, and closes", async () => {
		const socket = new PassThrough();
		endSocket(socket, clientErrorReply(undefined));
		const [response] = parseResponses(Buffer.concat(await socket.toArray()));
		expect(response?.status).toBe(400);
		expect(response?.headers).toMatchObject({ connection: "close", "cache-control": "no-store" });
		expect(JSON.parse(String(response?.body))).toMatchObject({ code: "REQUEST_MALFORMED" });
		expect(socket.destroyed).toBe(true);
	});

	it("L32 outlives a client that is gone before its answer", async () => {
		const socket = new Duplex({
			read: () => undefined,
			write: (_chunk, _encoding, written) => written(new RangeError("EPIPE")),
		});
		endSocket(socket, clientErrorReply(undefined));
		await new Promise((resolve) => socket.once("close", resolve));
		expect(socket.errored?.message).toBe("EPIPE");
	});

	it("only closes a socket that takes nothing any more", () => {
		const socket = new PassThrough();
		socket.end();
		endSocket(socket, clientErrorReply(undefined));
		expect(socket.destroyed).toBe(true);
		expect(socket.read()).toBeNull();
	});
});
