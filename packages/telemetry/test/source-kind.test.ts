import { expect, it } from "vitest";
import { sourceKind } from "../src/source-kind.js";

it.each([
	["github", "vcs"],
	["gitlab", "vcs"],
	["bitbucket", "vcs"],
	["http", "http"],
	["s3", "s3"],
	["file", "file"],
] as const)("calls %s %s", (type, kind) => {
	expect(sourceKind(type)).toBe(kind);
});
