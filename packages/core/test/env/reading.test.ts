import { describe, expect, it } from "vitest";
import { Reading } from "../../src/env/reading.js";
import { PORT, TOKEN } from "../../src/env/serving-variables.js";
import { files } from "./environment.js";

describe("Reading", () => {
	it("hands out checked values", () => {
		const reading = new Reading({ CLEF_AGENT_PORT: "80" }, files());
		expect(reading.value(PORT)).toBe(80);
		expect(reading.value(TOKEN)).toBeUndefined();
		expect(reading.problems).toEqual([]);
	});

	it("collects what is wrong, naming the variable and the file but not the value", () => {
		const env = { CLEF_AGENT_PORT: "eighty", CLEF_AGENT_TOKEN_FILE: "/run/token" };
		const reading = new Reading(env, files({ "/run/token": "two words" }));
		expect([reading.value(PORT), reading.value(TOKEN)]).toEqual([undefined, undefined]);
		expect(reading.problems).toEqual([
			"CLEF_AGENT_PORT must be a whole number from 1 to 65535, or none.",
			"CLEF_AGENT_TOKEN_FILE (/run/token) must be visible ASCII characters without spaces, as it travels in a header.",
		]);
	});

	it("knows what is given without reading a file", () => {
		const readFile = () => expect.unreachable("no file is needed");
		expect(new Reading({ CLEF_AGENT_TOKEN_FILE: "/run/token" }, readFile).isGiven(TOKEN)).toBe(true);
		expect(new Reading({ CLEF_AGENT_PORT_FILE: "/run/port" }, readFile).isGiven(PORT)).toBe(false);
		expect(new Reading({ CLEF_AGENT_TOKEN: "" }, readFile).isGiven(TOKEN)).toBe(false);
		expect(new Reading({ CLEF_AGENT_TOKEN_FILE: "/t" }, readFile).filePath(TOKEN)).toBe("/t");
		expect(new Reading({ CLEF_AGENT_TOKEN_FILE: "" }, readFile).filePath(TOKEN)).toBeUndefined();
		expect(new Reading({ CLEF_AGENT_PORT_FILE: "/p" }, readFile).filePath(PORT)).toBeUndefined();
	});
});
