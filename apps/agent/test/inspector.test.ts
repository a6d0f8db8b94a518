import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { keepInspectorShut } from "../src/inspector.js";

it("D41 takes the signal that would open the inspector, however often it comes", () => {
	const process = new EventEmitter();
	expect(process.emit("SIGUSR1")).toBe(false);
	keepInspectorShut(process);
	expect([process.emit("SIGUSR1"), process.emit("SIGUSR1")]).toEqual([true, true]);
});
