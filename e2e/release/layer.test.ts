import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { arm64Emulator, Binary } from "../binary-stage.js";
import { extensionLives } from "../lambda-layer-stage.js";
import { itWith } from "../part.js";
import { temporaryFolder } from "../temporary-folder.js";
import { unpackZip } from "../zip.js";
import { release } from "./release-stage.js";

const itOnX64 = itWith({
	name: "Linux on x64",
	present: process.platform === "linux" && process.arch === "x64",
	missing: "this machine is another",
});

/** What a function finds in /opt. */
function unpacked(name: string): string {
	const folder = temporaryFolder();
	unpackZip(readFileSync(join(release, `clef-agent-lambda-${name}.zip`)), folder);
	return folder;
}

function launcher(folder: string) {
	return { node: join(folder, "extensions", "clef-agent"), program: "" };
}

it("clef-agent-lambda-nodejs.zip: unpacked; its launcher lives through an invocation", () =>
	extensionLives(launcher(unpacked("nodejs"))));

itOnX64("clef-agent-lambda-x64.zip: unpacked; its launcher lives through an invocation", () =>
	extensionLives(launcher(unpacked("x64"))),
);

// The launcher would start the binary without the emulator.
itWith(arm64Emulator())(
	"clef-agent-lambda-arm64.zip: unpacked; its binary lives through an invocation under an emulator",
	() => {
		const file = join(unpacked("arm64"), "clef-agent", "clef-agent");
		return extensionLives({ ...new Binary(file, { emulated: true }).startOptions, program: "lambda" });
	},
);
