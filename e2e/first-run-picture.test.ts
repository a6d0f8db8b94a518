import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { firstRun } from "../scripts/terminal/first-run.js";
// @boundaries-ignore what scripts are made of is tested here too
import { terminalPicture } from "../scripts/terminal/picture.js";
// @boundaries-ignore what scripts are made of is tested here too
import { readmeSteps } from "../scripts/terminal/readme-steps.js";
import { workspace } from "./lambda-layer-stage.js";
import { itWith, part } from "./part.js";

const published = readFileSync(join(workspace, "docs/images/first-run.svg"), "utf8");

/** What somebody who looks at the picture reads. */
function read(picture: string): string {
	return picture
		.replaceAll(/<[^>]+>/g, "")
		.replaceAll("&lt;", "<")
		.replaceAll("&amp;", "&");
}

describe("the picture of the first run", () => {
	itWith(part("curl"))("is what README.md's steps show when they are run now", async () => {
		expect(terminalPicture(await firstRun(), "clef-agent, from keys to secrets")).toBe(published);
	});

	it("has all commands of README.md, and the secrets before and after they are packed again", () => {
		const words = read(published).replaceAll(/\s+/g, " ");
		for (const { command } of readmeSteps()) expect(words).toContain(command.replaceAll(/\s+/g, " "));
		expect(words).toMatch(/\{"DB_PASSWORD":"hunter2"\} .*\{"DB_PASSWORD":"correct-horse"\}/);
	});

	it("has no key that was ever one", () => {
		expect(published.match(/age1[0-9a-z]{20,}/g)?.filter((key) => !key.startsWith("age1demo"))).toEqual([]);
		expect(published).not.toMatch(/AGE-SECRET-KEY|PRIVATE KEY/);
	});
});

describe("the steps of README.md", () => {
	it("are found, with the one that has to be waited for", () => {
		const steps = readmeSteps();
		expect(steps.filter(({ until }) => until !== undefined).map(({ command }) => command)).toEqual([
			"clef-agent &",
			expect.stringContaining("correct-horse"),
		]);
	});

	it("must be there", () => {
		expect(() => readmeSteps("# Another page")).toThrow('below "## Your own secrets"');
	});
});

it("the picture says what was said, whatever letters are in it", () => {
	const picture = terminalPicture([{ command: "a <b && c # why", output: "x < y & z\n" }], "A title");
	expect(picture).not.toMatch(/<b|& /);
	expect(read(picture)).toContain("$ a <b && c  # why");
	expect(read(picture)).toContain("x < y & z");
});
