import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { afterEach, expect, it, vi } from "vitest";
import { runCommandLine } from "../src/command-line.js";
import * as healthCommand from "../src/commands/health.js";
import { capturedIo } from "./captured-io.js";

vi.mock("../src/commands/health.js", { spy: true });
afterEach(() => vi.mocked(healthCommand.health).mockReset());

it.each(["--help", "-h", "help"])("%s lists the commands", async (word) => {
	const io = capturedIo();
	expect(await runCommandLine([word], io)).toBe(0);
	for (const command of [
		"run",
		"lambda",
		"exec",
		"health",
		"keygen",
		"pack",
		"inspect",
		"verify",
		"revoke",
	]) {
		expect(io.out()).toMatch(new RegExp(`^ {2}${command} `, "m"));
	}
	expect(io.err()).toBe("");
});

it.each([
	["run", "--help"],
	["lambda", "-h"],
	["exec", "-h"],
	["health", "--help"],
	["keygen", "-h"],
	["pack", "--help"],
	["inspect", "--help"],
	["verify", "--help"],
	["revoke", "--help"],
])("%s %s is its own page", async (command, option) => {
	const io = capturedIo();
	expect(await runCommandLine([command, option], io)).toBe(0);
	expect(io.out()).toMatch(new RegExp(`^Usage: clef-agent \\[?${command}`));
});

it("help pack is the page of pack, help pakc a hint", async () => {
	const io = capturedIo();
	expect(await runCommandLine(["help", "pack"], io)).toBe(0);
	expect(io.out()).toMatch(/^Usage: clef-agent pack/);
	expect(await runCommandLine(["help", "pakc"], io)).toBe(1);
	expect(io.err()).toContain("did you mean pack?");
});

it("keeps every help line within 110 columns", async () => {
	for (const words of [["--help"], ["run", "-h"], ["pack", "-h"], ["keygen", "-h"], ["verify", "-h"]]) {
		const io = capturedIo();
		await runCommandLine(words, io);
		for (const line of io.out().split("\n")) expect(line.length).toBeLessThanOrEqual(110);
	}
});

it.each(["--version", "-V"])("%s prints the version", async (word) => {
	const io = capturedIo();
	expect(await runCommandLine([word], io)).toBe(0);
	expect(io.out()).toBe("0.0.0-source\n");
});

it.each([
	["pakc", "clef-agent: unknown command pakc; did you mean pack?\n  clef-agent --help lists the commands\n"],
	["--prot", "clef-agent: unknown option --prot\n  clef-agent --help lists the commands\n"],
	["__proto__", "clef-agent: unknown command __proto__\n  clef-agent --help lists the commands\n"],
	["constructor", "clef-agent: unknown command constructor\n  clef-agent --help lists the commands\n"],
])("%s is refused in two lines", async (word, text) => {
	const io = capturedIo();
	expect(await runCommandLine([word], io)).toBe(1);
	expect(io.err()).toBe(text);
	expect(io.out()).toBe("");
});

it("what follows -- is no option of exec, and a command that is not there is 127", async () => {
	const start = () => Promise.reject(Object.assign(new RangeError("spawn"), { code: "ENOENT" }));
	const source = { CLEF_AGENT_SOURCE: "a.json", CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey };
	const io = { ...capturedIo({ env: source }), start };
	writeFileSync(join(io.cwd, "a.json"), vector("signed"));
	const env = { ...io.env, CLEF_AGENT_SOURCE: join(io.cwd, "a.json") };
	expect(await runCommandLine(["exec", "--", "no-such", "--help"], { ...io, env })).toBe(127);
	expect(io.err()).toMatch(/^clef-agent: no-such is not on PATH/m);
});

it.each([
	[["keygen", "--sign"], "unknown option --sign; did you mean --signing?"],
	[["pack"], "--identity is missing"],
	[["inspect"], "FILE is missing"],
	[["verify"], "FILE is missing"],
	[["revoke"], "FILE is missing"],
	[["exec", "env"], 'unexpected argument "env"'],
	[["run", "now"], 'unexpected argument "now"'],
	[["health", "--port"], "unknown option --port"],
])("%j: %s, with the usage line", async (args, sentence) => {
	const io = capturedIo();
	expect(await runCommandLine(args, io)).toBe(1);
	expect(io.err()).toMatch(/^clef-agent: [^\n]+\n {2}usage: clef-agent [^\n]+\n$/);
	expect(io.err()).toContain(sentence);
});

it("starts the agent when nothing is named, and tells every problem of its configuration", async () => {
	const io = capturedIo({ env: { CLEF_AGENT_PORT: "70000", CLEF_AGENT_VERIFY_KYE: "x" } });
	expect(await runCommandLine([], io)).toBe(1);
	const [first, ...problems] = io.err().trimEnd().split("\n");
	expect(first).toBe(`clef-agent: the configuration has ${problems.length} problems:`);
	for (const name of ["CLEF_AGENT_SOURCE", "CLEF_AGENT_PORT", "CLEF_AGENT_VERIFY_KEY"]) {
		expect(problems.filter((line) => line.startsWith("  ") && line.includes(name))).toHaveLength(1);
	}
});

it("reports an unexpected failure in one line, with a stack only when debugging", async () => {
	vi.mocked(healthCommand.health).mockRejectedValue(new RangeError("out of it"));
	const io = capturedIo();
	expect(await runCommandLine(["health"], io)).toBe(1);
	expect(io.err()).toBe("clef-agent: unexpected failure: RangeError: out of it\n");

	const debugging = capturedIo({ env: { CLEF_AGENT_LOG_LEVEL: "debug" } });
	await runCommandLine(["health"], debugging);
	expect(debugging.err()).toMatch(/RangeError: out of it\n[\s\S]*\n {4}at /);
});

it("survives something thrown that is no error", async () => {
	vi.mocked(healthCommand.health).mockRejectedValue("words");
	const io = capturedIo();
	expect(await runCommandLine(["health"], io)).toBe(1);
	expect(io.err()).toBe("clef-agent: unexpected failure: TypeError: words\n");
});

it("an error of Node's with a code is not taken for one of ours", async () => {
	vi.mocked(healthCommand.health).mockRejectedValue(Object.assign(new TypeError("x"), { code: "ERR_X" }));
	const io = capturedIo();
	await runCommandLine(["health"], io);
	expect(io.err()).toContain("unexpected failure");
});
