import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
// @boundaries-ignore what measurements are made of is tested here too
import { figureLine, holds, ratioOf } from "../benchmarks/suite/figures.js";
import { runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

const benchmark = fileURLToPath(new URL("../benchmarks/run.js", import.meta.url));
const pacedLoad = fileURLToPath(new URL("../benchmarks/paced-load.js", import.meta.url));
const clockReader = fileURLToPath(new URL("../benchmarks/clock-reader.js", import.meta.url));

const toStop: (() => void)[] = [];

afterEach(() => {
	for (const stop of toStop.splice(0)) stop();
});

async function listening(answer: RequestListener): Promise<string> {
	const server = createServer(answer);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	toStop.push(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function paced(url: string, { rate, seconds }: { rate: number; seconds: number }) {
	const args = [pacedLoad, url, "token", String(rate), String(seconds), "2"];
	const { status, stdout } = await runProgram(process.execPath, args);
	expect(status).toBe(0);
	return JSON.parse(stdout) as {
		requests: number;
		errors: number;
		milliseconds: Record<string, number>;
	};
}

it("counts the wait of requests that are due while the server is busy", async () => {
	let first = 0;
	let last = 0;
	const url = await listening((_, response) => {
		first ||= performance.now();
		response.once("finish", () => {
			last = performance.now();
		});
		response.writeHead(200, { "Content-Length": 1 }).end("x");
	});

	// All 2,000 are due within 2 ms, so that the last one waits for all others.
	const { requests, milliseconds } = await paced(url, { rate: 1_000_000, seconds: 0.002 });

	const busyMs = last - first;
	expect(requests).toBe(2_000);
	expect(milliseconds.max).toBeGreaterThan(busyMs - 2);
	expect(milliseconds.p99).toBeGreaterThan(milliseconds.p50 ?? Number.NaN);
});

it("counts answers that are not the one asked for", async () => {
	let answers = 0;
	const url = await listening((_, response) => {
		answers += 1;
		response.writeHead(answers === 7 ? 503 : 200, { "Content-Length": 1 }).end("x");
	});

	expect(await paced(url, { rate: 1_000, seconds: 0.05 })).toMatchObject({ requests: 50, errors: 1 });
});

const figure = {
	what: "an answer",
	measure: "time",
	unit: "ms",
	subject: "agent",
	reference: "floor",
	values: { subject: [2, 9, 4], reference: [1, 3, 4] },
};

it("takes ratios round by round, and judges their median", () => {
	expect(ratioOf(figure)).toEqual({ low: 1, median: 2, high: 3 });
	expect(holds(figure, { of: "ratio", atMost: 2 })).toBe(true);
	expect(holds(figure, { of: "ratio", atMost: 1.9 })).toBe(false);
	expect(holds(figure, { of: "ratio", atLeast: 2 })).toBe(true);
	expect(holds(figure, { of: "ratio", atLeast: 2.1 })).toBe(false);
	expect(holds(figure, { of: "value", atMost: 4 })).toBe(true);
	expect(holds(figure, { of: "value", atMost: 3.9 })).toBe(false);
});

it("says what was measured, beside what, and whether that is enough", () => {
	expect(figureLine({ ...figure, targets: [{ of: "ratio", atMost: 1.5 }] })).toBe(
		"an answer, time: agent 2.00 (1.00 to 3.00) of floor — at most 1.5: does not hold",
	);
});

it("measures one part with the built command and keeps the raw values", async () => {
	const folder = temporaryFolder();
	const args = [benchmark, "polls", "--rounds", "1", "--output", folder];
	const { status, stdout } = await runProgram(process.execPath, args);

	const { machine, figures } = JSON.parse(readFileSync(join(folder, "polls.json"), "utf8"));
	expect({ status, said: stdout }).toMatchObject({ status: 0, said: expect.stringContaining("npm command") });
	expect(machine).toMatchObject({ node: process.versions.node, cores: expect.any(Number) });
	expect(figures[0].values.subject).toEqual([expect.any(Number)]);
	expect(figures).toContainEqual(
		expect.objectContaining({ measure: "body", subject: "npm command", values: { subject: [0] } }),
	);
});

it.each([
	["all of the time when every gap counts", "0", 100],
	["none of it when none can be so long", "1000000", 0],
])("finds %s, with a clock that is read", async (_, shortestMs, percent) => {
	const { status, stdout } = await runProgram(process.execPath, [clockReader, "0.05", shortestMs]);
	expect(status).toBe(0);
	const found = JSON.parse(stdout);
	expect(found.percent).toBeCloseTo(percent);
	expect(found.longestMs > 0).toBe(percent > 0);
});

it.each([["nothing-of-the-kind"], ["polls", "--rounds", "0"], ["--no-such-option"]])(
	"refuses %s",
	async (...args) => {
		const { status, stderr } = await runProgram(process.execPath, [benchmark, ...args]);

		expect(status).toBe(1);
		expect(stderr).toContain("Use [serving|rested|latency|");
	},
);
