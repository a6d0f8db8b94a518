import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { givenText } from "../../src/env/given-text.js";
import { PORT, VERIFY_KEY } from "../../src/env/serving-variables.js";
import { files, type Variables } from "./environment.js";

const given = (env: Variables, readFile = files()) => givenText(VERIFY_KEY, env, readFile);

describe("givenText", () => {
	it("finds nothing where nothing is set", () => {
		expect(given({})).toEqual({ kind: "absent" });
	});

	it("takes empty strings for unset", () => {
		expect(given({ CLEF_AGENT_VERIFY_KEY: "", CLEF_AGENT_VERIFY_KEY_FILE: "" })).toEqual({ kind: "absent" });
	});

	it("trims text that may also come from a file", () => {
		expect(given({ CLEF_AGENT_VERIFY_KEY: " key\n" })).toMatchObject({ kind: "text", text: "key" });
	});

	it("leaves other text as it is", () => {
		expect(givenText(PORT, { CLEF_AGENT_PORT: "80 " }, files())).toMatchObject({ text: "80 " });
	});

	it("reads and trims the file that is named, byte order mark included", () => {
		const readFile = files({ "/run/key": "\uFEFF key \r\n" });
		expect(given({ CLEF_AGENT_VERIFY_KEY_FILE: "/run/key" }, readFile)).toEqual({
			kind: "text",
			text: "key",
			label: "CLEF_AGENT_VERIFY_KEY_FILE (/run/key)",
		});
	});

	it("does not read a file for a variable that cannot be one", () => {
		expect(givenText(PORT, { CLEF_AGENT_PORT_FILE: "/run/port" }, files({ "/run/port": "80" }))).toEqual({
			kind: "absent",
		});
	});

	it.each<[string, Variables, Parameters<typeof files>[0], RegExp]>([
		[
			"both",
			{ CLEF_AGENT_VERIFY_KEY: "a", CLEF_AGENT_VERIFY_KEY_FILE: "/k" },
			{ "/k": "b" },
			/both set; keep one/,
		],
		["white space", { CLEF_AGENT_VERIFY_KEY: " \n" }, {}, /holds only white space/],
		[
			"D38 an emptied file",
			{ CLEF_AGENT_VERIFY_KEY_FILE: "/k" },
			{ "/k": " \n" },
			/names \/k, which is empty/,
		],
		[
			"D38 an unreadable file",
			{ CLEF_AGENT_VERIFY_KEY_FILE: "/k" },
			{ "/k": { code: "EACCES" } },
			/cannot be read \(EACCES\); let the agent's user read it/,
		],
		[
			"a folder",
			{ CLEF_AGENT_VERIFY_KEY_FILE: "/k" },
			{ "/k": { code: "EISDIR" } },
			/\(EISDIR\); name a file in this folder\./,
		],
		[
			"part of a path",
			{ CLEF_AGENT_VERIFY_KEY_FILE: "/k" },
			{ "/k": { code: "ENOTDIR" } },
			/correct the path/,
		],
		[
			"an odd error",
			{ CLEF_AGENT_VERIFY_KEY_FILE: "/k" },
			{ "/k": { code: "my secret" } },
			/cannot be read \(unknown reason\)/,
		],
	])("refuses %s", (_, env, contents, problem) => {
		expect(given(env, files(contents))).toMatchObject({
			kind: "wrong",
			problem: expect.stringMatching(problem),
		});
	});

	it("copes with a reader that throws something else than an error", () => {
		const readFile = (): string => {
			throw "secret";
		};
		const { problem } = given({ CLEF_AGENT_VERIFY_KEY_FILE: "/k" }, readFile) as { problem: string };
		expect(problem).toBe("CLEF_AGENT_VERIFY_KEY_FILE names /k, which cannot be read (unknown reason).");
	});

	it("tells a file that does not exist from one that cannot be read", () => {
		expect(given({ CLEF_AGENT_VERIFY_KEY_FILE: "/gone" })).toMatchObject({
			kind: "missing file",
			path: "/gone",
		});
	});

	it.each([vectorKeys.ageSecretKey, "-----BEGIN PRIVATE KEY-----", "first\nsecond"])(
		"never prints a key pasted as a path",
		(path) => {
			const result = given({ CLEF_AGENT_VERIFY_KEY_FILE: path });
			expect(result.kind).toBe("wrong");
			expect(JSON.stringify(result)).not.toContain(path.slice(0, 8));
		},
	);
});
