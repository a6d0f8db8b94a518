import { describe, expect, it, vi } from "vitest";
import { startWithoutNodeVariables } from "../src/node-variables.js";

/** A process with this environment; what it was replaced by. */
function started(env: Record<string, string>) {
	const execve = vi.fn();
	startWithoutNodeVariables({
		argv: ["/opt/clef-agent", "./clef-agent", "run"],
		env,
		execPath: "/opt/clef-agent",
		execve,
	});
	return execve.mock.calls;
}

describe("a binary whose environment steers Node", () => {
	it("starts itself anew without what does, with the same arguments and everything else", () => {
		const kept = {
			PATH: "/bin",
			NODE_EXTRA_CA_CERTS: "/ca.pem",
			NODE_OPTIONS: "--inspect",
			NODE_ENV: "production",
		};
		expect(
			started({ ...kept, NODE_DEBUG: "http", NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_V8_COVERAGE: "" }),
		).toEqual([["/opt/clef-agent", ["./clef-agent", "run"], kept]]);
	});

	it("goes on as it is where nothing does", () => {
		expect(started({ PATH: "/bin", NODE_ENV: "production", NODE_EXTRA_CA_CERTS: "/ca.pem" })).toEqual([]);
	});
});
