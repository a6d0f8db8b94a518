import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { SignalRelay, statusOfSignal } from "../../src/exec/signal-relay.js";

const SIGNALS = [
	"SIGTERM",
	"SIGHUP",
	"SIGUSR1",
	"SIGUSR2",
	"SIGINT",
	"SIGQUIT",
	"SIGTSTP",
	"SIGCONT",
	"SIGWINCH",
];

function received(isInteractive: boolean): string[] {
	const process = new EventEmitter();
	const signals: string[] = [];
	new SignalRelay(process, isInteractive).to((signal) => signals.push(signal));
	for (const signal of SIGNALS) process.emit(signal);
	return signals;
}

it("hands every signal on", () => {
	expect(received(false)).toEqual(SIGNALS);
});

it("keeps what a terminal has sent to the command already", () => {
	expect(received(true)).toEqual(["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]);
});

it("in front of a terminal leaves stopping and continuing to the system", () => {
	const process = new EventEmitter();
	new SignalRelay(process, true);
	expect(process.listenerCount("SIGTSTP")).toBe(0);
	expect(process.listenerCount("SIGINT")).toBe(1);
});

it.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])(
	"remembers %s from before there was a command",
	async (signal) => {
		const process = new EventEmitter();
		const relay = new SignalRelay(process, true);
		process.emit("SIGUSR2");
		process.emit(signal);
		expect(await relay.stopped).toBe(signal);
	},
);

it("numbers signals as shells do", () => {
	expect([statusOfSignal("SIGINT"), statusOfSignal("SIGKILL"), statusOfSignal("SIGTERM")]).toEqual([
		130, 137, 143,
	]);
});
