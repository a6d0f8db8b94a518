import { AggregationTemporality, type DataPoint, type Histogram } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RequestDurations } from "../../src/sdk/request-durations.js";

const { CUMULATIVE, DELTA } = AggregationTemporality;

type Asked = readonly [route: string | undefined, method: string, status: number, durationMs: number];

function record(durations: RequestDurations, [route, method, status, durationMs]: Asked): void {
	durations.record({ route, method, status, durationMs, startedAt: 0 });
}

async function pointsOf(
	producer: ReturnType<RequestDurations["producer"]>,
): Promise<readonly DataPoint<Histogram>[]> {
	const { resourceMetrics, errors } = await producer.collect();
	expect(errors).toEqual([]);
	return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
		metrics.flatMap(({ dataPoints }) => dataPoints as DataPoint<Histogram>[]),
	);
}

const countsOf = (points: readonly DataPoint<Histogram>[]) =>
	Object.fromEntries(points.map(({ attributes, value }) => [JSON.stringify(attributes), value.count]));

describe("durations of requests", () => {
	it("are in the bucket that ends with them, and in the last one when they are longer than all", async () => {
		const durations = new RequestDurations({ name: "tested" });
		for (const durationMs of [0, 0.5, 0.6, 10_000, 10_001])
			record(durations, ["/v1/keys", "GET", 200, durationMs]);
		const [point] = await pointsOf(durations.producer(CUMULATIVE));
		const { boundaries, counts } = point?.value.buckets ?? { boundaries: [], counts: [] };
		expect(counts).toHaveLength(boundaries.length + 1);
		expect([counts[0], counts[1], counts.at(-2), counts.at(-1)]).toEqual([2, 1, 1, 1]);
		expect(point?.value.sum).toBeCloseTo(20.0021);
	});

	it("have one series for all methods that nobody knows, and none is remembered by its name", async () => {
		const durations = new RequestDurations({ name: "tested" });
		for (let count = 0; count < 50; count += 1) record(durations, [undefined, `M${count}`, 405, 1]);
		record(durations, [undefined, "_OTHER", 405, 1]);
		expect(countsOf(await pointsOf(durations.producer(CUMULATIVE)))).toEqual({
			'{"http.request.method":"_OTHER","http.response.status_code":405}': 51,
		});
	});

	it("are told whole or since the last time, to each reader by itself, and add up to the same", async () => {
		const asked = fc.tuple(
			fc.constantFrom("/v1/keys", "/v1/secrets", undefined),
			fc.constantFrom("GET", "HEAD", "BREW"),
			fc.constantFrom(200, 401, 503),
			fc.integer({ min: 0, max: 20_000 }),
		);
		const step = fc.oneof(
			asked.map((request) => ({ request })),
			fc.constantFrom({ reader: 0 }, { reader: 1 }),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(step), async (steps) => {
				const durations = new RequestDurations({ name: "tested" });
				const readers = [durations.producer(DELTA), durations.producer(DELTA)];
				const sums: Record<string, number>[] = [{}, {}];
				const read = async (index: number): Promise<void> => {
					const producer = readers[index];
					if (producer === undefined) return;
					for (const { attributes, value } of await pointsOf(producer)) {
						// What nothing was added to is not told again.
						expect(value.count).toBeGreaterThan(0);
						expect(value.buckets.counts.reduce((sum, count) => sum + count, 0)).toBe(value.count);
						const key = JSON.stringify(attributes);
						sums[index] = { ...sums[index], [key]: (sums[index]?.[key] ?? 0) + value.count };
					}
				};
				for (const each of steps) {
					if ("request" in each) record(durations, each.request);
					else await read(each.reader);
				}
				await read(0);
				await read(1);
				const whole = countsOf(await pointsOf(durations.producer(CUMULATIVE)));
				expect(sums).toEqual([whole, whole]);
			}),
		);
	});

	it("begin for a reader of deltas where its last reading ended", async () => {
		const durations = new RequestDurations({ name: "tested" });
		const producer = durations.producer(DELTA);
		record(durations, ["/v1/keys", "GET", 200, 1]);
		const [first] = await pointsOf(producer);
		expect(await pointsOf(producer)).toEqual([]);
		record(durations, ["/v1/keys", "GET", 200, 2]);
		const [second] = await pointsOf(producer);
		expect(second?.value).toMatchObject({ count: 1, sum: expect.closeTo(0.002, 6) });
		const ms = ([seconds, nanos]: readonly [number, number] = [0, 0]) => seconds * 1_000 + nanos / 1e6;
		expect(ms(second?.startTime)).toBeGreaterThanOrEqual(ms(first?.endTime));
		expect(ms(second?.endTime)).toBeGreaterThanOrEqual(ms(second?.startTime));
	});
});
