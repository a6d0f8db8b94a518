import { describe, expect, it } from "vitest";
import { endpointFor, endpointUnder, exactEndpoint, shownEndpoint } from "../src/endpoint.js";

describe("endpointFor", () => {
	it.each([
		["http://collector:4318", "http://collector:4318/v1/metrics"],
		["http://collector:4318/", "http://collector:4318/v1/metrics"],
		["https://host/otlp", "https://host/otlp/v1/metrics"],
		["https://host/v1/logs", "https://host/v1/metrics"],
		["https://host/otlp/v1/logs/", "https://host/otlp/v1/metrics"],
		["https://host/v1/logs?key=1", "https://host/v1/metrics?key=1"],
		["https://user:pass@host", "https://user:pass@host/v1/metrics"],
	])("makes of %s a place for metrics", (url, endpoint) => {
		expect(endpointFor("metrics", url)).toBe(endpoint);
	});

	it.each(["collector:4318", "ftp://host", "", "http://"])("refuses %j", (url) => {
		expect(endpointFor("logs", url)).toBeUndefined();
		expect(endpointUnder(url, "logs")).toBeUndefined();
		expect(exactEndpoint(url)).toBeUndefined();
	});
});

it("takes a general variable for a base, whatever it ends in", () => {
	expect(endpointUnder("http://host/v1/logs", "logs")).toBe("http://host/v1/logs/v1/logs");
});

it("shows no userinfo and no query", () => {
	expect(shownEndpoint("https://user:pass@host:1/v1/logs?key=1#f")).toBe("https://host:1/v1/logs");
});
