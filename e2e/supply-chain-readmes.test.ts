import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Packages whose example needs more than Node, and why. */
const NOT_RUN = new Map([
	["apps/agent", "shell commands; npm-install.test.ts runs them"],
	["packages/client", "needs an agent; client.test.ts runs it with one"],
	["apps/lambda-extension", "runs only inside Lambda"],
]);

const published = ["apps", "packages"]
	.flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
	.filter((folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).private !== true);

function readme(folder: string): string {
	return readFileSync(join(root, folder, "README.md"), "utf8");
}

/** The code of a page, with the names in it that stand for the reader's own files and keys filled in. */
function example(page: string): string {
	const cwd = temporaryFolder();
	const files = { "api.age.json": vector("signed"), "age.key": vectorKeys.ageSecretKey };
	for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
	const code = /^```js\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
	return Object.keys(files)
		.reduce((text, name) => text.replaceAll(`"${name}"`, JSON.stringify(join(cwd, name))), code)
		.replaceAll("MCowBQYDK2VwAyEA…", vectorKeys.ed25519PublicKey);
}

it("every published package has a page that begins with its name", () => {
	expect(published.length).toBeGreaterThan(8);
	for (const folder of published) {
		expect({ folder, exists: existsSync(join(root, folder, "README.md")) }).toEqual({ folder, exists: true });
		const { name } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
		expect(readme(folder)).toMatch(new RegExp(`^# ${name}\n`));
	}
});

describe("the example on a package's page does what it says", () => {
	it.each(published.filter((folder) => !NOT_RUN.has(folder)))("%s", async (folder) => {
		const page = readme(folder);
		const promised = /\/\/ prints: (.+)$/m.exec(page)?.[1];
		expect(promised).toBeDefined();
		const args = ["--input-type=module", "--eval", example(page)];
		const ended = await runProgram(process.execPath, args, { cwd: join(root, folder) });
		expect(ended).toEqual({ status: 0, stdout: `${promised}\n`, stderr: "" });
	});
});
