import { expect, it } from "vitest";
import { changedNames, fingerprint } from "../../src/exec/fingerprint.js";

const KEY = Buffer.alloc(32, 7);

it("tells what was added, removed and changed, and nothing else", () => {
	const before = fingerprint({ same: "1", gone: "2", other: "3" }, KEY);
	const after = fingerprint({ same: "1", other: "4", added: "" }, KEY);
	expect(changedNames(before, after)).toEqual(["added", "gone", "other"]);
	expect(changedNames(before, before)).toEqual([]);
});

it("holds no value, and depends on the key", () => {
	const made = fingerprint({ A: "hunter2" }, KEY);
	expect(JSON.stringify([...made])).not.toContain("hunter2");
	expect(changedNames(made, fingerprint({ A: "hunter2" }, Buffer.alloc(32, 8)))).toEqual(["A"]);
});
