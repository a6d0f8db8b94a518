import { ManualClock } from "@clef-sh/testkit/clock";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { beforeEach, describe, expect, it } from "vitest";
import { WatchedExporter } from "../../src/sdk/watched-exporter.js";

const DELIVERED: ExportResult = { code: ExportResultCode.SUCCESS };
const REFUSED: ExportResult = { code: ExportResultCode.FAILED };

let clock: ManualClock;
let settled: (string | undefined)[];
let results: ExportResult[];

beforeEach(() => {
	clock = new ManualClock();
	settled = [];
	results = [];
});

function exportThrough(send: (done: (result: ExportResult) => void) => void): void {
	const inner = {
		export: (_: string, done: (result: ExportResult) => void) => send(done),
		forceFlush: async () => undefined,
		shutdown: async () => undefined,
	};
	const exporter = new WatchedExporter(inner, {
		clock,
		timeoutMs: 1000,
		settled: (_, cause) => settled.push(cause),
	});
	exporter.export("items", (result) => results.push(result));
}

describe("WatchedExporter", () => {
	it("passes a success on", () => {
		exportThrough((done) => done(DELIVERED));
		expect([settled, results]).toEqual([[undefined], [DELIVERED]]);
	});

	it.each([
		["a status", Object.assign(new Error("x-key: secret"), { code: 413 }), "answers 413"],
		["a system's code", Object.assign(new Error("secret"), { code: "EPIPE" }), "fails with EPIPE"],
		[
			"a code within",
			new TypeError("secret", { cause: Object.assign(new Error(), { code: "ENOTFOUND" }) }),
			"fails with ENOTFOUND",
		],
		["undici's word for it", Object.assign(new Error(), { code: "UND_ERR_SOCKET" }), "hangs up"],
		["words alone", new Error("secret"), "fails"],
		["a code that is none", Object.assign(new Error("secret"), { code: "a secret" }), "fails"],
		["nothing", undefined, "fails"],
	])("says why, from %s", (_, error, cause) => {
		exportThrough((done) => done({ ...REFUSED, ...(error !== undefined && { error }) }));
		expect(settled).toEqual([cause]);
	});

	it("says how long it waited when there is no other reason", async () => {
		let finish: (result: ExportResult) => void = () => undefined;
		exportThrough((done) => {
			finish = done;
		});
		await clock.advance(1000);
		finish(REFUSED);
		expect(settled).toEqual(["gives no answer within 1 s"]);
	});

	it("takes what cannot be encoded for a failure", () => {
		exportThrough(() => {
			throw new RangeError("NaN is no time");
		});
		expect([settled, results]).toEqual([["fails"], [REFUSED]]);
	});
});
