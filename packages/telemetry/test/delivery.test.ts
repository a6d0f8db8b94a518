import { beforeEach, expect, it } from "vitest";
import { Delivery } from "../src/delivery.js";

let told: string[];
let delivery: Delivery;

beforeEach(() => {
	told = [];
	delivery = new Delivery((sentence) => told.push(sentence));
});

const down = { endpoint: "http://c/v1/logs", cause: "fails with ECONNREFUSED" };
const missing = { endpoint: "http://c/v1/metrics", cause: "answers 404" };

it("tells once of a trouble, however long it lasts and however it changes", () => {
	delivery.failed("logs", down);
	delivery.failed("logs", down);
	delivery.failed("logs", { ...down, cause: "answers 500" });
	expect(told).toEqual([
		"telemetry cannot be delivered (http://c/v1/logs fails with ECONNREFUSED); serving is not affected",
	]);
});

it("tells once that it is over", () => {
	delivery.worked("logs", down.endpoint);
	delivery.failed("logs", down);
	delivery.worked("logs", down.endpoint);
	delivery.worked("logs", down.endpoint);
	expect(told.slice(1)).toEqual(["telemetry is delivered again (http://c/v1/logs)"]);
});

it("tells once of what several signals have in common, and of the end when all of them work", () => {
	delivery.failed("logs", down);
	delivery.failed("metrics", { ...down, endpoint: missing.endpoint });
	delivery.worked("logs", down.endpoint);
	expect(told).toHaveLength(1);
	delivery.worked("metrics", missing.endpoint);
	expect(told).toHaveLength(2);
});

it("tells of another trouble that another signal has", () => {
	delivery.failed("logs", down);
	delivery.failed("metrics", missing);
	expect(told[1]).toContain("http://c/v1/metrics answers 404");
	delivery.worked("logs", down.endpoint);
	expect(told[2]).toBe("telemetry is delivered again (http://c/v1/logs)");
});
