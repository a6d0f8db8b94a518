import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { INIT_SCRIPT, leaveProcessOne } from "../../src/exec/process-one.js";
import { capturedIo } from "../captured-io.js";

const started = (pid: number, env: Record<string, string> = {}) => {
	const replace = vi.fn();
	const commandLine = ["node", "agent.js", "exec", "--", "a b", ""];
	leaveProcessOne({ ...capturedIo({ env }), commandLine, pid, replace });
	return replace;
};

it("leaves process 1 to a shell that runs the same command line, word for word", () => {
	const replace = started(1, { PATH: "/bin", _under: "1" });
	const words = ["node", "agent.js", "exec", "--", "a b", ""];
	expect(replace.mock.calls).toEqual([["/bin/sh", ["sh", "-c", INIT_SCRIPT, "clef-agent", ...words]]]);
});

it("stays what it is where it is not process 1", () => {
	expect(started(2)).not.toHaveBeenCalled();
});

it.each(["discovery.type", "a-b", "1A", "é", ""])(
	"stays where a shell would lose the variable %j",
	(name) => {
		expect(started(1, { [name]: "x" })).not.toHaveBeenCalled();
	},
);

it("has the script of examples/exec", () => {
	expect(readFileSync(new URL("../../../../examples/exec/init.sh", import.meta.url), "utf8")).toContain(
		INIT_SCRIPT,
	);
});
