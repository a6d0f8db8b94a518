import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, it, vi } from "vitest";
import { NodeRequest } from "../../src/node/node-request.js";
import { RawHeaders } from "../../src/request-headers.js";

function request(target: string) {
	const incoming = Object.assign(new IncomingMessage(new Socket()), { method: "GET", url: target });
	const outgoing = new ServerResponse(incoming);
	return { incoming, outgoing, request: new NodeRequest(incoming, outgoing, new RawHeaders([]), true) };
}

it.each([
	["/v1/secrets", "/v1/secrets", undefined],
	["/v1/secrets?", "/v1/secrets", undefined],
	["/v1/secrets?format=flat", "/v1/secrets", "flat"],
	["/v1/secrets?a=b&format=fl%61t", "/v1/secrets", "flat"],
	["/v1/secrets?format=a&format=b", "/v1/secrets", "a"],
	["/v1/secrets?format", "/v1/secrets", ""],
	["/v1/secrets/a%3Fformat=flat", "/v1/secrets/a%3Fformat=flat", undefined],
	["/v1/secrets?format=%zz", "/v1/secrets", "%zz"],
])("reads %s as the path %s and the format %j", (target, path, format) => {
	const read = request(target).request;
	expect([read.path, read.query("format")]).toEqual([path, format]);
});

it("tells once when the client is gone, and not when nobody asks any more", () => {
	const { incoming, outgoing, request: read } = request("/");
	const [leave, stayed] = [vi.fn(), vi.fn()];
	read.whenGone(leave);
	read.whenGone(stayed)();
	// Whoever waits is no stall.
	expect(outgoing.listenerCount("timeout")).toBeGreaterThan(0);
	incoming.socket.emit("close");
	incoming.socket.emit("close");
	expect([leave.mock.calls.length, stayed.mock.calls.length]).toEqual([1, 0]);
});
