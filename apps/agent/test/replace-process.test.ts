import { expect, it, vi } from "vitest";
import { replaceProcess } from "../src/replace-process.js";

it("hands over the environment that is set", () => {
	const execve = vi.fn();
	replaceProcess({ env: { A: "1", B: "" }, execve }, process.execPath, ["node", "-e", "0"]);
	expect(execve.mock.calls).toEqual([[process.execPath, ["node", "-e", "0"], { A: "1", B: "" }]]);
});

it("does nothing where the program cannot be run, for which Node would abort", () => {
	const execve = vi.fn();
	replaceProcess({ env: {}, execve }, "/no/such/program", ["program"]);
	expect(execve).not.toHaveBeenCalled();
});

it("does nothing on a Node that cannot", () => {
	expect(replaceProcess({ env: {} }, process.execPath, ["node"])).toBeUndefined();
});
