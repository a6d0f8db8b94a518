import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { sbomProblems } from "../../scripts/sbom/check.js";
import { runProgram } from "../command.js";
import { files, release, version } from "./release-stage.js";

/** What each bill of materials is about. */
const SUBJECTS: Readonly<Record<string, string>> = {
	"npm.spdx.json": `clef-sh-agent-${version}.tgz`,
	"clef-agent-linux-x64.spdx.json": "clef-agent-linux-x64",
	"clef-agent-linux-arm64.spdx.json": "clef-agent-linux-arm64",
	"image-linux-x64.spdx.json": "images/clef-agent-linux-x64.tar",
	"image-linux-arm64.spdx.json": "images/clef-agent-linux-arm64.tar",
};

function isDescription({ relationshipType }: { relationshipType: string }): boolean {
	return relationshipType === "DESCRIBES";
}

it.each(files(/\.spdx\.json$/))("%s: valid, and about the file that is here", (name) => {
	const document = JSON.parse(readFileSync(join(release, name), "utf8"));
	expect(sbomProblems(document)).toEqual([]);
	const subject = readFileSync(join(release, SUBJECTS[name] ?? name));
	const hash = createHash("sha256").update(subject).digest("hex");
	const [described] = document.relationships.filter(isDescription);
	expect(document.packages).toContainEqual(
		expect.objectContaining({
			SPDXID: described.relatedSpdxElement,
			versionInfo: version,
			checksums: [{ algorithm: "SHA256", checksumValue: hash }],
		}),
	);
	expect(document.packages.length).toBeGreaterThan(10);
});

it("SHA256SUMS: sha256sum finds every file of the release as it says", async () => {
	const { status, stdout } = await runProgram("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
		cwd: release,
	});
	expect(status).toBe(0);
	const named = stdout
		.trimEnd()
		.split("\n")
		.map((line) => line.replace(/: OK$/, ""));
	expect(named.toSorted()).toEqual(files(/^(?!SHA256SUMS$|images$|release-notes\.md$)/));
});

it("release-notes.md: says what is new", () => {
	const notes = readFileSync(join(release, "release-notes.md"), "utf8");
	expect(notes).toMatch(/^## (?:Breaking changes|New|Corrected)\n\n\S/);
});
