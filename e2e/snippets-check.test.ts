import { describe, expect, it } from "vitest";
import { prints } from "./page-session.js";
import { commandsIn } from "./shell-session.js";
import {
	pageNames,
	RULES,
	type Snippet,
	snippetProblems,
	snippetsFor,
	snippetsIn,
	TESTS,
	unknownScripts,
} from "./snippets.js";

const all = pageNames().flatMap((page) => snippetsIn(page));

/** All blocks, and one more on a page. */
function withPlanted(text: string, page = "docs/lambda.md"): { snippets: Snippet[] } {
	return { snippets: [...all, ...snippetsIn(page, text)] };
}

it("every block of the pages is run by a test or says why not", () => {
	expect(all.length).toBeGreaterThan(60);
	expect(snippetProblems()).toEqual([]);
});

describe("the check finds", () => {
	it.each([
		[
			"a block that nobody runs",
			"text\n\n```sh\nclef-agent\n```\n",
			"docs/lambda.md:3: nothing runs this block",
		],
		[
			"one in a list",
			"- text\n\n  ```sh\n  clef-agent\n  ```\n",
			"docs/lambda.md:3: nothing runs this block",
		],
		["one with another fence", "~~~\nclef-agent\n~~~\n", "docs/lambda.md:1: nothing runs this block"],
		[
			"a word in place of a reason",
			"<!-- not run: later -->\n```sh\nx\n```\n",
			'docs/lambda.md:2: "later" is no',
		],
		[
			"a reason that stands elsewhere",
			"<!-- not run: needs a cluster -->\n\n```sh\nx\n```\n",
			"docs/lambda.md:3",
		],
	])("%s", (_, text, problem) => {
		expect(snippetProblems(withPlanted(text))).toEqual([expect.stringContaining(problem)]);
	});

	it("a block that is no longer what the tested file holds", () => {
		const planted = withPlanted("```js\n// another\n```\n", "docs/lambda-clients.md");
		expect(snippetProblems(planted)).toEqual([expect.stringContaining("examples/lambda/index.mjs holds")]);
	});

	it("a rule whose blocks are gone", () => {
		const rules = [...RULES, { run: "pages", page: "docs/none.md" }];
		expect(snippetProblems({ rules })).toEqual([expect.stringContaining("no block of docs/none.md")]);
	});

	it("a test that does not exist, and one that asks for no block", () => {
		const wrong = (test: string) => snippetProblems({ tests: { ...TESTS, unit: test } });
		expect(wrong("e2e/none.test.ts")).toEqual([expect.stringContaining("unit names no test that exists")]);
		expect(wrong("e2e/part.ts")).toEqual(['e2e/part.ts: does not call snippetsFor("unit")']);
	});
});

it("an npm script that does not exist is found", () => {
	const text = "`npm run build`, `npm run test:e2e`, `npm run --silent biuld`";
	expect(unknownScripts(text, { build: "", "test:e2e": "" })).toEqual(["`npm run biuld` runs nothing"]);
});

it("a block with a reason is given to no test", () => {
	const texts = snippetsFor("kubernetes").map(({ text }) => text);
	expect(texts.join("")).toContain("kubectl create secret");
	expect(texts.join("")).not.toContain("kubectl apply");
});

it("commands are what a shell takes for one", () => {
	const text = "a \\\n  b   # why\n\n# only a comment\ncat > x <<'END'\nc\n\nEND\n( d;\ne )\n";
	expect(commandsIn(text)).toEqual(["a \\\n  b   # why", "cat > x <<'END'\nc\n\nEND", "( d;\ne )"]);
	expect(() => commandsIn("if true\n")).toThrow("bash does not understand");
});

it("what a page shows is compared in full, but for what it leaves out", () => {
	const shown = { text: "one … three\n{}\n" };
	expect(prints(shown, { output: "one two three\n{}" })).toBe(true);
	expect(prints(shown, { output: "one two three\n[]" })).toBe(false);
	expect(prints(shown, { output: "one two\n three\n{}" })).toBe(false);
	expect(prints(shown, { output: "zero\none two three\n{}" })).toBe(false);
});
