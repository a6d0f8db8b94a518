import { expect, it } from "vitest";
import { createLog, type LogFormat, type LogLevel } from "../src/log.js";

function logTo(level: LogLevel, format: LogFormat) {
	const lines: string[] = [];
	return { log: createLog({ write: (text) => lines.push(text) }, { level, format }), lines };
}

it("writes one JSON object per line, fields beside the message", () => {
	const { log, lines } = logTo("info", "json");
	log.warn("source not readable", { event: "fetch.failed", code: "SOURCE_TIMEOUT", until: undefined });
	expect(lines).toHaveLength(1);
	expect(lines[0]).toMatch(/^[^\n]*\n$/);
	expect(JSON.parse(String(lines[0]))).toEqual({
		"@timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
		level: "WARN",
		message: "source not readable",
		logger: "clef-agent",
		event: "fetch.failed",
		code: "SOURCE_TIMEOUT",
	});
});

it("names the time in JSON as Lambda wants it", () => {
	const { log, lines } = logTo("info", "lambda-json");
	log.error("it failed", { event: "lambda.failed" });
	expect(lines[0]).toMatch(/^{"timestamp":"\d{4}-\d\d-\d\dT[\d:.]+Z","level":"ERROR","message":"it failed"/);
});

it("writes text with time, level and sentence", () => {
	const { log, lines } = logTo("info", "text");
	log.info("listening", { url: "http://127.0.0.1:7779" });
	expect(lines).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z INFO listening\n$/)]);
});

it.each([
	["debug", 4],
	["info", 3],
	["warn", 2],
	["error", 1],
] as const)("at level %s, %i of four lines are written", (level, count) => {
	const { log, lines } = logTo(level, "json");
	for (const each of ["debug", "info", "warn", "error"] as const) log[each](each);
	expect(lines).toHaveLength(count);
});

it("writes braces as they are", () => {
	const { log, lines } = logTo("info", "text");
	log.error('payload {"a":{b}} is odd', { b: "not this" });
	expect(lines[0]).toContain('ERROR payload {"a":{b}} is odd\n');
});

it("lets no escape sequence through to a terminal", () => {
	const { log, lines } = logTo("info", "text");
	log.error("name \u001b[31mred\u001b[0m");
	expect(lines[0]).toContain("ERROR name ?[31mred?[0m\n");
});

it("a new log takes over from the one before", () => {
	const first = logTo("info", "json");
	const second = logTo("info", "json");
	second.log.info("once");
	expect([first.lines.length, second.lines.length]).toEqual([0, 1]);
});
