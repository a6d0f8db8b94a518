import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { runProgram } from "./command.js";
import { type Snippet, snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

const root = fileURLToPath(new URL("..", import.meta.url));

const published = ["apps", "packages"]
	.flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
	.filter((folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).private !== true);

/** A call whose value a comment shows. */
const SHOWN = /^(?<expression>\w.*); \/\/ \{.*$/gm;

function readme(folder: string): string {
	return readFileSync(join(root, folder, "README.md"), "utf8");
}

/** The code of a block, with the names in it that stand for the reader's own files and keys filled in. */
async function example({ page, text }: Snippet): Promise<string> {
	const cwd = temporaryFolder();
	// The project's own page goes on with what it packed before.
	const isFirstPage = page === "README.md";
	const artifact = isFirstPage
		? await sealArtifact({ secrets: { DB_PASSWORD: "hunter2" } })
		: vector("signed");
	const files = { "api.age.json": artifact, "age.key": vectorKeys.ageSecretKey };
	for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
	return Object.keys(files)
		.reduce((code, name) => code.replaceAll(`"${name}"`, JSON.stringify(join(cwd, name))), text)
		.replaceAll("MCowBQYDK2VwAyEA…", vectorKeys.ed25519PublicKey)
		.replaceAll(SHOWN, "console.log($<expression>);");
}

it("every published package has a page that begins with its name", () => {
	expect(published.length).toBeGreaterThan(8);
	for (const folder of published) {
		expect({ folder, exists: existsSync(join(root, folder, "README.md")) }).toEqual({ folder, exists: true });
		const { name } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
		expect(readme(folder)).toMatch(new RegExp(`^# ${name}\n`));
	}
});

it.each(snippetsFor("library"))("the example on $page does what it says", async (snippet) => {
	const promised = [...snippet.text.matchAll(/\/\/ (?:prints: )?(?<value>.+)$/gm)]
		.filter(({ 0: comment }) => comment.startsWith("// prints: ") || comment.startsWith("// {"))
		.map(({ groups }) => `${groups?.value}\n`);
	const args = ["--input-type=module", "--eval", await example(snippet)];
	const folder = dirname(snippet.page);
	// The project's own page imports what the tests can.
	const cwd = join(root, folder === "." ? "e2e" : folder);
	const ended = await runProgram(process.execPath, args, { cwd });
	const stdout = ended.stdout.replaceAll("'", '"');
	expect({ ...ended, stdout }).toEqual({ status: 0, stdout: promised.join(""), stderr: "" });
});

/** What the compiler says of these modules, with the published packages as whoever installs them has them. */
async function typeErrors(modules: readonly string[]): Promise<string> {
	const cwd = temporaryFolder();
	mkdirSync(join(cwd, "node_modules/@clef-sh"), { recursive: true });
	for (const folder of published)
		symlinkSync(join(root, folder), join(cwd, "node_modules/@clef-sh", basename(folder)));
	symlinkSync(join(root, "node_modules/@types"), join(cwd, "node_modules/@types"));
	writeFileSync(join(cwd, "package.json"), '{ "type": "module" }');
	const files = modules.map((text, index) => {
		writeFileSync(join(cwd, `${index}.ts`), text);
		return `${index}.ts`;
	});
	const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
	const tsc = join(root, "node_modules/typescript/bin/tsc");
	const { stdout } = await runProgram(process.execPath, [tsc, ...options, "--skipLibCheck", ...files], {
		cwd,
	});
	return stdout;
}

it("the examples compile against the built packages", async () => {
	const modules = [...snippetsFor("library"), ...snippetsFor("client")].map(({ text }) => text);
	expect(modules).toHaveLength(11);
	expect(await typeErrors(modules)).toBe("");
	const misspelt = modules.map((text) => text.replace("ageIdentities", "ageIdentity"));
	expect(await typeErrors(misspelt)).toContain("ageIdentity");
});
