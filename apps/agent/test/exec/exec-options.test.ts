import { expect, it } from "vitest";
import { parseExecOptions } from "../../src/exec/exec-options.js";

it("takes everything after the first -- as the command", () => {
	expect(parseExecOptions(["--", "node", "--version", "--", "-x"])).toEqual({
		program: "node",
		args: ["--version", "--", "-x"],
		naming: { prefix: "", only: undefined, mapped: [] },
		onChange: { kind: "keep" },
		serves: false,
		stopsOnRevoke: false,
		graceSeconds: 10,
		timeoutSeconds: undefined,
	});
});

it("reads every option", () => {
	const names = ["--only", "A,ns__B", "--only", "C", "--map", "X=a=b", "--prefix", "P_"];
	const others = ["--serve", "--stop-on-revoke", "--grace", "2m", "--timeout=30", "--restart-on-change"];
	expect(parseExecOptions([...names, ...others, "--", "true"])).toMatchObject({
		naming: { prefix: "P_", only: ["A", "ns__B", "C"], mapped: [{ variable: "X", secret: "a=b" }] },
		onChange: { kind: "restart" },
		serves: true,
		stopsOnRevoke: true,
		graceSeconds: 120,
		timeoutSeconds: 30,
	});
});

it.each(["SIGHUP", "HUP", "hup", "sighup"])("knows %s", (name) => {
	const { onChange } = parseExecOptions(["--signal-on-change", name, "--", "true"]);
	expect(onChange).toEqual({ kind: "signal", signal: "SIGHUP" });
});

it.each([
	[[], "-- and the command to run are missing"],
	[["--"], "-- and the command to run are missing"],
	[["--", ""], "-- and the command to run are missing"],
	[["env"], 'unexpected argument "env"'],
	[["--restart", "--", "true"], "unknown option --restart"],
	[["--restart-on-change", "--signal-on-change", "HUP", "--", "true"], "exclude each other"],
	[["--signal-on-change", "SIGNAL", "--", "true"], '"SIGNAL" is not a signal like SIGHUP'],
	[["--signal-on-change", "constructor", "--", "true"], "is not a signal"],
	[["--map", "NAME", "--", "true"], '--map "NAME" is not of the form VARIABLE=SECRET'],
	[["--map", "=NAME", "--", "true"], "not of the form"],
	[["--map", "NAME=", "--", "true"], "not of the form"],
	[["--serve", "--map", "CLEF_AGENT_PORT=A", "--", "true"], "--serve itself sets CLEF_AGENT_PORT"],
	[["--grace", "soon", "--", "true"], '--grace "soon" is not a duration'],
	[["--timeout", "0", "--", "true"], "--timeout"],
])("%j: %s", (args, sentence) => {
	expect(() => parseExecOptions(args)).toThrow(
		expect.objectContaining({
			code: "COMMAND_USAGE",
			message: expect.stringContaining(sentence),
			hint: expect.stringContaining("usage: clef-agent exec"),
		}),
	);
});
