import { expect, it } from "vitest";
import { parseArguments, unknownWord, usageError } from "../src/arguments.js";
import { CommandError } from "../src/command-error.js";

const OPTIONS = {
	recipient: { type: "string", multiple: true },
	signing: { type: "boolean" },
	output: { type: "string", short: "o" },
} as const;

function refusal(args: readonly string[]): CommandError {
	try {
		parseArguments("pack", args, { options: OPTIONS, maxPositionals: 1 });
	} catch (error) {
		if (error instanceof CommandError) return error;
		throw error;
	}
	return expect.fail("these arguments should have been refused");
}

it("returns values and positionals", () => {
	const { values, positionals } = parseArguments(
		"pack",
		["--recipient", "a", "file", "--recipient=b", "-o", "x"],
		{ options: OPTIONS, maxPositionals: 1 },
	);
	expect({ ...values }).toEqual({ recipient: ["a", "b"], output: "x" });
	expect(positionals).toEqual(["file"]);
});

it.each([
	[["--recipeint", "a"], "unknown option --recipeint; did you mean --recipient?"],
	[["--zzz"], "unknown option --zzz"],
	[["-z"], "unknown option -z"],
	[["--recipient"], "--recipient needs a value"],
	[["-o"], "--output needs a value"],
	[["--output", "-x"], "--output needs a value"],
	[["--signing=yes"], "--signing takes no value"],
	[["one", "two"], 'unexpected argument "two"'],
])("%j is refused: %s", (args, message) => {
	const error = refusal(args);
	expect(error).toMatchObject({ code: "COMMAND_USAGE", message });
	expect(error.hint).toMatch(/^usage: clef-agent pack /);
});

it("does not repeat a value that came after an option", () => {
	expect(refusal(["--signing=hunter2"]).message).not.toContain("hunter2");
	expect(refusal(["--unknown=hunter2"]).message).not.toContain("hunter2");
});

it("takes no positionals unless told to", () => {
	expect(() => parseArguments("health", ["now"], { options: {} })).toThrow('unexpected argument "now"');
});

it.each([
	["pakc", "unknown command pakc; did you mean pack?"],
	["frobnicate", "unknown command frobnicate"],
	["--versoin", "unknown option --versoin; did you mean --version?"],
	["--port", "unknown option --port"],
	["--versoin=1", "unknown option --versoin; did you mean --version?"],
])("%s as the first word: %s", (word, message) => {
	expect(unknownWord(word, ["pack", "run"])).toMatchObject({ code: "COMMAND_USAGE", message });
});

it("names the usage line and keeps the cause", () => {
	const cause = new TypeError("why");
	expect(usageError("keygen", "wrong", cause)).toMatchObject({
		message: "wrong",
		hint: "usage: clef-agent keygen [--signing] [--post-quantum] [-o FILE]",
		cause,
	});
});

it("L31 does not repeat a token that was given to an option which does not exist", () => {
	expect(unknownWord("--token=hunter2", ["run"]).message).toBe("unknown option --token");
	expect(refusal(["--token=hunter2"]).message).toBe("unknown option --token");
});
