import { describe, expect, it } from "vitest";
import { Reading } from "../../src/env/reading.js";
import { chooseToken } from "../../src/env/token-choice.js";
import { files, type Variables } from "./environment.js";

const LONG = "0123456789abcdef";

function choose(env: Variables, readFile = files()) {
	const reading = new Reading(env, readFile);
	return {
		choice: chooseToken(reading, async (path) => readFile(path)),
		problems: reading.problems,
		warnings: reading.warnings,
	};
}

const rereadToken: unknown = expect.any(Function);

describe("chooseToken", () => {
	it.each<[string, Variables, object]>([
		["nothing, so that one is generated", {}, {}],
		["the token that is set", { CLEF_AGENT_TOKEN: LONG }, { token: LONG }],
		["the token in a file", { CLEF_AGENT_TOKEN_FILE: "/run/token" }, { token: LONG, rereadToken }],
		["a file to write to", { CLEF_AGENT_TOKEN_FILE: "/run/new" }, { tokenFile: "/run/new", rereadToken }],
	])("gives %s", (_, env, choice) => {
		expect(choose(env, files({ "/run/token": `${LONG}\n` }))).toEqual({ choice, problems: [], warnings: [] });
	});

	it.each<[string, Variables, RegExp]>([
		["an empty token", { CLEF_AGENT_TOKEN: "" }, /^CLEF_AGENT_TOKEN is empty; set a token, or unset it/],
		["an empty token beside a file", { CLEF_AGENT_TOKEN: "", CLEF_AGENT_TOKEN_FILE: "/run/new" }, /is empty/],
		["a token of white space", { CLEF_AGENT_TOKEN: " \t" }, /^CLEF_AGENT_TOKEN holds only white space/],
		["an empty file", { CLEF_AGENT_TOKEN_FILE: "/run/empty" }, /names \/run\/empty, which is empty/],
		["an unreadable file", { CLEF_AGENT_TOKEN_FILE: "/run/denied" }, /cannot be read \(EACCES\)/],
		["both", { CLEF_AGENT_TOKEN: LONG, CLEF_AGENT_TOKEN_FILE: "/run/new" }, /both set/],
		["a token no header can carry", { CLEF_AGENT_TOKEN: "zwölf zwölf zwölf" }, /must be visible ASCII/],
	])("reports %s", (_, env, problem) => {
		const readFile = files({ "/run/empty": "\n", "/run/denied": { code: "EACCES" } });
		expect(choose(env, readFile)).toEqual({
			choice: {},
			problems: [expect.stringMatching(problem)],
			warnings: [],
		});
	});

	it("D38 gives what the file holds later, by the same rules as at the start", async () => {
		const file: { contents: string | { code: string } } = { contents: LONG };
		const { choice } = choose({ CLEF_AGENT_TOKEN_FILE: "/run/token" }, (path) =>
			files({ "/run/token": file.contents })(path),
		);
		file.contents = `\uFEFF${LONG}-rotated\r\n`;
		expect(await choice.rereadToken?.()).toBe(`${LONG}-rotated`);
		for (const [contents, problem] of [
			["", "CLEF_AGENT_TOKEN_FILE names /run/token, which is empty."],
			[
				{ code: "EACCES" },
				"CLEF_AGENT_TOKEN_FILE names /run/token, which cannot be read (EACCES); let the agent's user read it, and enter its folders.",
			],
			[
				{ code: "ENOENT" },
				"CLEF_AGENT_TOKEN_FILE names /run/token, which cannot be read (ENOENT); create it, or correct the path.",
			],
			["zwölf zwölf", /^CLEF_AGENT_TOKEN_FILE \(\/run\/token\) must be visible ASCII/],
		] as const) {
			file.contents = contents;
			await expect(choice.rereadToken?.()).rejects.toThrow(problem);
		}
	});

	it("warns of a token shorter than 16 characters, counted after trimming", () => {
		const { choice, warnings } = choose({ CLEF_AGENT_TOKEN: " 0123456789abcde " });
		expect(choice).toEqual({ token: "0123456789abcde" });
		expect(warnings).toEqual(["CLEF_AGENT_TOKEN is shorter than 16 characters; use a longer one."]);
	});
});
