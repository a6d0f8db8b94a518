import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { describe, expect, it } from "vitest";
import { createLog } from "../src/log.js";
import { serviceManager } from "../src/systemd.js";
import { type CapturedIo, capturedIo } from "./captured-io.js";

const READY = {
	state: "ready",
	mode: "cached",
	revision: "7",
	lastRefreshAt: 0,
	ageMs: 0,
	expiresAt: null,
	expired: false,
	lastError: null,
} as const;

type Execution = Parameters<CapturedIo["execute"]>;

function stage(env: Record<string, string>, execute: (...call: Execution) => Promise<unknown>) {
	const io: CapturedIo = { ...capturedIo({ env }), execute };
	const log = createLog(io.stderr, { level: "info", format: "json" });
	const clock = new ManualClock();
	return { clock, io, manager: serviceManager(io, clock, log) };
}

async function calls(env: Record<string, string>, ms = 0): Promise<Execution[]> {
	const seen: Execution[] = [];
	const { clock, manager } = stage({ NOTIFY_SOCKET: "/run/n", PATH: "/usr/bin", ...env }, async (...call) => {
		seen.push(call);
	});
	manager?.started(READY);
	await clock.advance(ms);
	await settle();
	return seen;
}

it("is nobody where no socket is named", () => {
	expect(stage({}, async () => undefined).manager).toBeUndefined();
	expect(stage({ NOTIFY_SOCKET: "" }, async () => undefined).manager).toBeUndefined();
});

it("is told by systemd's own program, which sees nothing else of the environment", async () => {
	const secret = { CLEF_AGENT_TOKEN: "a-token-of-enough-characters", WATCHDOG_USEC: "60000000" };
	expect(await calls(secret)).toEqual([
		[
			"systemd-notify",
			["READY=1", "STATUS=serving revision 7", "WATCHDOG=1"],
			{ NOTIFY_SOCKET: "/run/n", PATH: "/usr/bin" },
		],
	]);
});

describe("the watchdog", () => {
	it.each([
		[{ WATCHDOG_USEC: "20000000" }, 3],
		[{ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "4711" }, 3],
		[{ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "4712" }, 0],
		[{}, 0],
		[{ WATCHDOG_USEC: "0" }, 0],
		[{ WATCHDOG_USEC: "20s" }, 0],
		[{ WATCHDOG_USEC: "99999999999999999999" }, 0],
	])("with %o is fed %i times in 20 seconds", async (env: Record<string, string>, beats) => {
		const seen = await calls(env, 20_000);
		expect(seen.filter(([, assignments]) => assignments.includes("WATCHDOG=1"))).toHaveLength(beats);
	});
});

it.each([
	[Object.assign(new RangeError("spawn"), { code: "ENOENT" }), /not on PATH; install it/],
	[
		Object.assign(new RangeError("exit"), { code: 1 }),
		/failed; see that the agent's user may write to that socket/,
	],
	["words", /failed; see that the agent's user may write to that socket/],
])("is complained about with a hint when it cannot be told: %s", async (error, sentence) => {
	const { io, manager } = stage({ NOTIFY_SOCKET: "/run/n" }, () => Promise.reject(error));
	manager?.started(READY);
	await settle();
	const [line = "", ...more] = io.err().trimEnd().split("\n");
	expect(more).toEqual([]);
	expect(JSON.parse(line)).toMatchObject({
		level: "WARN",
		event: "service_manager.unreachable",
		message: expect.stringMatching(sentence),
	});
	await manager?.close();
});
