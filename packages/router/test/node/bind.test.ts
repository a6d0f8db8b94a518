import { describe, expect, it } from "vitest";
import { bindError } from "../../src/node/bind.js";

const failure = (code?: string) =>
	Object.assign(new Error("listen failed"), code === undefined ? {} : { code });

describe("bindError", () => {
	it.each([
		["EADDRINUSE", "is already in use; stop the other process or set CLEF_AGENT_PORT."],
		["EACCES", "needs privileges that this process does not have; set CLEF_AGENT_PORT to 1024 or above."],
		["EADDRNOTAVAIL", "cannot be listened on (EADDRNOTAVAIL); set CLEF_AGENT_PORT to another port."],
		[undefined, "cannot be listened on; set CLEF_AGENT_PORT to another port."],
	])("L34 %s is one sentence with a hint", (code, rest) => {
		const cause = failure(code);
		const error = bindError(cause, 80);
		expect(error.message).toBe(`Port 80 on 127.0.0.1 ${rest}`);
		expect(error).toMatchObject({ name: "RouterError", code: "CONFIG_INVALID", cause });
	});
});
