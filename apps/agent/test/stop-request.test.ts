import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { StopRequest } from "../src/stop-request.js";

/** What the promises have said so far. */
async function heard(stop: StopRequest) {
	const pending = Promise.resolve("not yet");
	return [await Promise.race([stop.requested, pending]), await Promise.race([stop.insisted, pending])];
}

it("hears nothing without a signal", async () => {
	expect(await heard(new StopRequest(new EventEmitter()))).toEqual(["not yet", "not yet"]);
});

it.each(["SIGTERM", "SIGINT"])("hears %s, and a second signal apart from it", async (signal) => {
	const process = new EventEmitter();
	const stop = new StopRequest(process);
	process.emit(signal);
	expect(await heard(stop)).toEqual([signal, "not yet"]);
	process.emit(signal);
	expect(await heard(stop)).toEqual([signal, signal]);
});

it("D36 keeps listening after the second signal, so that a third does not kill", () => {
	const process = new EventEmitter();
	new StopRequest(process);
	for (const signal of ["SIGTERM", "SIGTERM", "SIGINT", "SIGINT"]) process.emit(signal);
	expect(process.emit("SIGTERM")).toBe(true);
	expect(process.emit("SIGINT")).toBe(true);
});

it("remembers a signal that came before anyone asked", async () => {
	const process = new EventEmitter();
	const stop = new StopRequest(process);
	process.emit("SIGTERM");
	expect(await stop.requested).toBe("SIGTERM");
});

it("two signals of different kinds count as two", async () => {
	const process = new EventEmitter();
	const stop = new StopRequest(process);
	process.emit("SIGINT");
	process.emit("SIGTERM");
	expect(await heard(stop)).toEqual(["SIGINT", "SIGTERM"]);
});
