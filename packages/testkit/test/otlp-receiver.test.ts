import { gzipSync } from "node:zlib";
import { JsonLogsSerializer } from "@opentelemetry/otlp-transformer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type OtlpReceiver, startOtlpReceiver } from "../src/otlp-receiver.js";
import { behaviours } from "../src/servers.js";

const RECORD = {
	timeUnixNano: "1795000000000500000",
	severityNumber: 9,
	severityText: "INFO",
	eventName: "clef.agent.started",
	body: { stringValue: "agent.started" },
	attributes: [
		{ key: "text", value: { stringValue: "a" } },
		{ key: "whole", value: { intValue: 3 } },
		{ key: "yes", value: { boolValue: true } },
		{ key: "part", value: { doubleValue: 0.5 } },
		{ key: "list", value: { arrayValue: { values: [] } } },
	],
	traceId: "0af7651916cd43dd8448eb211c80319c",
	spanId: "b7ad6b7169203331",
};

let receiver: OtlpReceiver;

beforeEach(async () => {
	receiver = await startOtlpReceiver();
});
afterEach(() => receiver.close());

const logs = (record: object) => ({
	resourceLogs: [{ resource: {}, scopeLogs: [{ scope: { name: "s" }, logRecords: [record] }] }],
});

async function post(
	path: string,
	body: string | Uint8Array,
	headers: Record<string, string> = {},
): Promise<number> {
	const all = { "content-type": "application/json", ...headers };
	return (await fetch(`${receiver.url}${path}`, { method: "POST", body, headers: all })).status;
}

describe("startOtlpReceiver", () => {
	it("decodes JSON", async () => {
		expect(await post("/v1/logs", JSON.stringify(logs(RECORD)))).toBe(200);
		expect(receiver.logs).toEqual([
			{
				resource: {},
				scope: "s",
				eventName: "clef.agent.started",
				severityNumber: 9,
				severityText: "INFO",
				body: "agent.started",
				attributes: { text: "a", whole: 3, yes: true, part: 0.5, list: { arrayValue: {} } },
				at: 1_795_000_000_000.5,
			},
		]);
	});

	it("inflates gzip", async () => {
		const body = gzipSync(JSON.stringify(logs(RECORD)));
		expect(await post("/v1/logs", body, { "content-encoding": "gzip" })).toBe(200);
		expect(receiver.logs).toHaveLength(1);
	});

	it.each([
		["an unknown field", logs({ ...RECORD, event_name: "x" }), /logRecords\.0\.event_name/],
		["a wrong type", logs({ ...RECORD, severityNumber: 99 }), /severityNumber/],
		["no object", 3, /no JSON object/],
	])("refuses JSON with %s", async (_, body, why) => {
		expect(await post("/v1/logs", JSON.stringify(body))).toBe(400);
		expect(receiver.violations.join()).toMatch(why);
		expect(receiver.logs).toEqual([]);
	});

	it("refuses protobuf with a field that the schema does not know", async () => {
		// Field 15, a varint.
		expect(await post("/v1/logs", Buffer.from([0x78, 1]), { "content-type": "application/x-protobuf" })).toBe(
			400,
		);
		expect(receiver.violations.join()).toMatch(/does not know a field/);
	});

	it("refuses other content types, paths and methods", async () => {
		expect(await post("/v1/logs", "{}", { "content-type": "text/plain" })).toBe(400);
		expect(await post("/v1/log", "{}")).toBe(404);
		expect((await fetch(`${receiver.url}/v1/logs`)).status).toBe(404);
	});

	it("answers in a way that OpenTelemetry reads as a success", async () => {
		const response = await fetch(`${receiver.url}/v1/logs`, {
			method: "POST",
			body: JSON.stringify(logs(RECORD)),
			headers: { "content-type": "application/json" },
		});
		const answer = new Uint8Array(await response.arrayBuffer());
		expect(JsonLogsSerializer.deserializeResponse(answer)).toEqual({});
	});

	it("misbehaves as told, one request each, and takes nothing then", async () => {
		receiver.respondWith(behaviours.status(429, { "retry-after": "1" }), "accept");
		const taken = receiver.until(() => receiver.logs.length === 1);
		expect(await post("/v1/logs", JSON.stringify(logs(RECORD)))).toBe(429);
		expect(receiver.logs).toEqual([]);
		expect(await post("/v1/logs", JSON.stringify(logs(RECORD)))).toBe(200);
		await taken;
		expect(receiver.requests.map(({ path }) => path)).toEqual(["/v1/logs", "/v1/logs"]);
	});
});
