import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { arm64Emulator, Binary } from "../binary-stage.js";
import { itWith, type Part, part } from "../part.js";
import { files, firstUse, release } from "./release-stage.js";

/** The first bytes of an executable for each platform: what it is, and for which processor. */
const KINDS: Readonly<Record<string, readonly [at: number, bytes: string][]>> = {
	"linux-x64": [
		[0, "7f454c46"],
		[18, "3e00"],
	],
	"linux-arm64": [
		[0, "7f454c46"],
		[18, "b700"],
	],
	"darwin-x64": [[0, "cffaedfe07000001"]],
	"darwin-arm64": [[0, "cffaedfe0c000001"]],
};

const curl = part("curl");
const own: Part = {
	name: "Linux on x64",
	present: process.platform === "linux" && process.arch === "x64",
	missing: "this machine is another",
};
const emulator = arm64Emulator();

it.each(files(/^clef-agent-(?:linux|darwin)-(?:x64|arm64)$/))("%s: an executable of its platform", (name) => {
	const bytes = readFileSync(join(release, name));
	const kind = KINDS[name.replace("clef-agent-", "")] ?? [];
	expect(kind).not.toEqual([]);
	for (const [at, expected] of kind)
		expect(bytes.subarray(at, at + expected.length / 2).toString("hex")).toBe(expected);
});

itWith(own.present ? curl : own)("clef-agent-linux-x64: keygen, pack, serve, curl, pack again", () => {
	const binary = new Binary(join(release, "clef-agent-linux-x64"));
	return firstUse({ run: (...args) => binary.run(...args), startOptions: binary.startOptions });
});

itWith(emulator.present ? curl : emulator)(
	"clef-agent-linux-arm64: under an emulator keygen, pack, serve, curl, pack again",
	() => {
		const binary = new Binary(join(release, "clef-agent-linux-arm64"), { emulated: true });
		return firstUse({ run: (...args) => binary.run(...args), startOptions: binary.startOptions });
	},
);

for (const name of files(/^clef-agent-darwin-(?:x64|arm64)$/))
	it.skip(`${name}: started (needs a Mac, which also signs it)`, () => undefined);

it.each(files(/\.LICENSES\.txt$/))("%s: names what is in the binary", (name) => {
	const text = readFileSync(join(release, name), "utf8");
	for (const words of ["age-encryption", "hono", "Node.js"]) expect(text).toContain(words);
});
