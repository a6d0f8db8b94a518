import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { isNearlySame, withSection } from "../scripts/docs/section.js";
// @boundaries-ignore what scripts are made of is tested here too
import { duplicates } from "../scripts/house/duplicates.js";
// @boundaries-ignore what scripts are made of is tested here too
import type { Measured } from "../scripts/house/measure.js";
// @boundaries-ignore what scripts are made of is tested here too
import { measuredFiles } from "../scripts/house/workspace.js";
import { temporaryFolder } from "./temporary-folder.js";

/** Measures files as the workspace's are: through the compiler. */
function measure(files: Readonly<Record<string, string>>): Measured[] {
	const folder = temporaryFolder();
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
	writeFileSync(join(folder, "tsconfig.json"), '{ "compilerOptions": { "types": [] } }');
	return measuredFiles(folder);
}

function only(text: string): Measured {
	const [one, ...others] = measure({ "only.ts": text });
	if (one === undefined || others.length > 0) throw new RangeError("The compiler did not see the one file.");
	return one;
}

describe("a file is measured", () => {
	it("by its lines: all, those of code, those of comments alone", () => {
		const { lines, code, comments } = only(
			[
				"/**",
				" * What it is.",
				" */",
				"export const one = 1; // beside code",
				"",
				"export const text = `",
				"// looks like a comment",
				"`;",
				"// the last one",
				"",
			].join("\n"),
		);
		expect({ lines, comments }).toEqual({ lines: 9, comments: 4 });
		expect(code).toEqual([
			"export const one = 1; // beside code",
			"export const text = `",
			"// looks like a comment",
			"`;",
		]);
	});

	it("by its functions that have a name, without their doc comments", () => {
		const { functions } = only(
			[
				"/** What it does. */",
				"export function first(): void {",
				"	[1].map((x) => x);",
				"}",
				"const second = () =>",
				"	1;",
				"class Third {",
				"	get fourth(): number { return second(); }",
				"}",
				"new Third();",
			].join("\n"),
		);
		expect(functions.map(({ name, line, lines }) => [name, line, lines])).toEqual([
			["first", 2, 3],
			["second", 5, 2],
			["fourth", 8, 1],
		]);
	});

	it("by exports, and those without a sentence", () => {
		const { exported, undocumented } = only(
			[
				"/** Documented. */",
				"export function form(value: string): void;",
				"export function form(value: number): void;",
				"export function form(): void {}",
				"/** @param value */",
				"export function typesAlone(value: string): string { return value; }",
				"// Not a doc comment.",
				"export const bare = 1;",
				"const inner = 2;",
				"export { inner };",
			].join("\n"),
		);
		expect(exported).toHaveLength(3);
		expect(undocumented.map(({ line }) => line)).toEqual([6, 8]);
	});

	it("by what is to be avoided", () => {
		const { casts, anys, nonNulls, bareErrors, emptyCatches } = only(
			[
				"const value: any = 1;",
				"const literal = [1] as const;",
				"const twice = literal as unknown as string;",
				"const sure = value!;",
				"class OwnError extends Error {}",
				"function thrown() { throw new Error(twice); }",
				"try { thrown(); } catch {}",
				"try { throw new OwnError(sure); } catch (error) { /* Nothing is lost by it. */ }",
			].join("\n"),
		);
		expect(
			[casts, anys, nonNulls, bareErrors, emptyCatches].map((found) => found.map(({ line }) => line)),
		).toEqual([[3], [1], [4], [6], [7]]);
	});
});

describe("blocks that are there twice", () => {
	const lines = Array.from({ length: 8 }, (_, index) => `call(${index});`);

	it("are found in another file, whatever their indentation and the comments between them", () => {
		const indented = lines.map((line) => `\t${line}\n\t// Why.`);
		const files = measure({ "a.ts": lines.join("\n"), "b.ts": `if (true) {\n${indented.join("\n")}\n}` });
		expect(duplicates(files)).toEqual([{ lines: 8, first: "a.ts:1", again: "b.ts:2" }]);
	});

	it("are six lines at least, and no imports", () => {
		const names = lines.map((_, index) => `\tname${index},`).join("\n");
		const several = `import {\n${names}\n} from "./names.js";`;
		const imports = [...lines.map((_, index) => `import "./${index}.js";`), several].join("\n");
		const five = lines.slice(0, 5).join("\n");
		const files = measure({
			"a.ts": `${imports}\n${five}\none();`,
			"b.ts": `${imports}\n${five}\nanother();`,
		});
		expect(files).toHaveLength(2);
		expect(duplicates(files)).toEqual([]);
	});
});

describe("a section of a page", () => {
	const page = "# Title\n\n<!-- house: made by `npm run docs` -->\n\nold\n\n<!-- /house -->\n\n80 words.\n";

	it("is put between its markers, and again to the same effect", () => {
		const made = withSection(page, "house", "new\n") ?? "";
		expect(made).toBe(page.replace("old", "new"));
		expect(withSection(made, "house", "new\n")).toBe(made);
	});

	it("needs its markers", () => {
		expect(withSection("# Title\n", "house", "new\n")).toBeUndefined();
	});

	it.each([
		["| 100 · 8 · 1.4 |", "| 85 · 9 · 1.3 |", true],
		["| 100 |", "| 70 |", false],
		["| 0 |", "| 0 |", true],
		["| 0 |", "| 1 |", false],
		["| core | 10 |", "| cache | 10 |", false],
		["| 10 |", "| 10 |\n| 10 |", false],
	])("%s beside %s", (one, other, expected) => {
		expect(isNearlySame(one, other)).toBe(expected);
		expect(isNearlySame(other, one)).toBe(expected);
	});
});
