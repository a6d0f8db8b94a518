import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Connections } from "../../src/node/connections.js";
import { until } from "../waiting.js";

const respond = (socket: Socket) => new ServerResponse(new IncomingMessage(socket));

/** A full house of three, admitted in this order. */
function three(): { connections: Connections; sockets: [Socket, Socket, Socket] } {
	const connections = new Connections(limits(3, 100));
	const sockets: [Socket, Socket, Socket] = [new Socket(), new Socket(), new Socket()];
	for (const socket of sockets) connections.admit(socket);
	return { connections, sockets };
}

/** Which of the sockets are gone. */
const gone = (...sockets: Socket[]) => sockets.map((socket) => socket.destroyed);

const limits = (maxConnections: number, maxPipelined: number) => ({
	maxConnections,
	maxIdleConnections: 512,
	maxPipelined,
});

describe("Connections", () => {
	it("L32 makes room by closing what has been idle longest", () => {
		const { connections, sockets } = three();
		const [first] = sockets;
		const response = respond(first);
		connections.begin(first, response);
		response.emit("close"); // served, so now the youngest of the idle
		const fourth = new Socket();
		connections.admit(fourth);
		expect(gone(...sockets, fourth)).toEqual([false, true, false, false]);
		connections.admit(new Socket());
		expect(gone(...sockets, fourth)).toEqual([false, true, true, false]);
	});

	it("L32 never closes a connection whose response is being made", () => {
		const { connections, sockets } = three();
		for (const socket of sockets) connections.begin(socket, respond(socket));
		const fourth = new Socket();
		connections.admit(fourth);
		expect(gone(...sockets, fourth)).toEqual([false, false, false, true]);
		expect(connections.evict()).toBe(false);
	});

	it("L32 lets one go whose client does not read, when none is idle", () => {
		const { connections, sockets } = three();
		for (const socket of sockets) connections.begin(socket, respond(socket));
		Object.defineProperty(sockets[1], "writableLength", { value: 1 });
		connections.admit(new Socket());
		expect(gone(...sockets)).toEqual([false, true, false]);
	});

	it("L32 ends a connection with the last of too many pipelined responses, and begins no more on it", () => {
		const connections = new Connections(limits(3, 2));
		const [flooding, other] = [new Socket(), new Socket()];
		for (const socket of [flooding, other]) connections.admit(socket);
		const responses = [respond(flooding), respond(flooding), respond(flooding)] as const;
		const begun = responses.map((response) => connections.begin(flooding, response));
		expect(begun.map((ending) => ending !== undefined)).toEqual([true, true, false]);
		expect(responses[1].shouldKeepAlive).toBe(false);
		// That an earlier one is done makes no room: the end has been announced.
		responses[0].emit("close");
		expect(connections.begin(flooding, respond(flooding))).toBeUndefined();
		expect(connections.begin(other, respond(other))).toBeDefined();
		responses[1].emit("close");
		expect(connections.isBusy(flooding)).toBe(false);
	});

	it("calls what is to be called at the end of a response when that one ends, and not for another", () => {
		const { connections, sockets } = three();
		const [first] = sockets;
		const responses = [respond(first), respond(first)] as const;
		const ended: string[] = [];
		for (const [index, response] of responses.entries()) {
			const ending = connections.begin(first, response);
			if (ending !== undefined) ending.release = () => void ended.push(`response ${index}`);
		}
		responses[1].emit("close");
		expect(ended).toEqual(["response 1"]);
		expect(connections.isBusy(first)).toBe(true);
		responses[0].emit("close");
		expect(ended).toEqual(["response 1", "response 0"]);
		expect(connections.isBusy(first)).toBe(false);
	});

	it("counts a connection as busy until its last pipelined response is done", () => {
		const { connections, sockets } = three();
		const [first] = sockets;
		const responses = [respond(first), respond(first)];
		expect(connections.isBusy(first)).toBe(false);
		for (const response of responses) connections.begin(first, response);
		responses[0]?.emit("close");
		expect(connections.isBusy(first)).toBe(true);
		responses[1]?.emit("close");
		expect(connections.isBusy(first)).toBe(false);
	});

	it("forgets a connection that closed by itself, and its responses", async () => {
		const { connections, sockets } = three();
		const [first] = sockets;
		const response = respond(first);
		connections.begin(first, response);
		await new Promise((resolve) => first.once("close", resolve).destroy());
		response.emit("close");
		expect(connections.isBusy(first)).toBe(false);
		const fourth = new Socket();
		connections.admit(fourth);
		expect(gone(...sockets, fourth)).toEqual([true, false, false, false]);
	});

	it("knows nothing of a connection that it did not admit", () => {
		const connections = new Connections(limits(1, 100));
		const stranger = new Socket();
		connections.begin(stranger, respond(stranger));
		expect(connections.isBusy(stranger)).toBe(false);
	});

	it("D36 drains: idle ones go once nothing more has arrived, busy ones after their response", async () => {
		const { connections, sockets } = three();
		const [first, second, third] = sockets;
		const running = respond(first);
		const started = respond(second);
		connections.begin(first, running);
		connections.begin(second, started);
		started.flushHeaders();
		connections.drain();
		expect(gone(...sockets)).toEqual([false, false, false]);
		await until(() => third.destroyed);
		expect(gone(...sockets)).toEqual([false, false, true]);
		expect(running.shouldKeepAlive).toBe(false);
		const late = respond(first);
		connections.begin(first, late);
		expect(late.shouldKeepAlive).toBe(false);
		running.emit("close");
		expect(first.destroyed).toBe(false);
		late.emit("close");
		started.emit("close");
		expect(first.writableEnded && second.writableEnded).toBe(true);
		connections.destroyAll();
		expect(gone(first, second, third)).toEqual([true, true, true]);
	});
});
