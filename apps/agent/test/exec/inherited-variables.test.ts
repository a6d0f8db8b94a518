import { expect, it } from "vitest";
import { inheritedVariables } from "../../src/exec/inherited-variables.js";

it("keeps what is not the agent's own", () => {
	const env = {
		HOME: "/root",
		AWS_SECRET_ACCESS_KEY: "the command's own business",
		CLEF_AGENT_AGE_KEY: "AGE-SECRET-KEY-1",
		CLEF_AGENT_TOKEN_FILE: "/run/token",
		CLEF_AGENT_SERVICE_HOST: "10.0.0.1",
		NOTIFY_SOCKET: "/run/notify",
		WATCHDOG_PID: "1",
		WATCHDOG_USEC: "1",
		UNSET: undefined,
	};
	expect({ ...inheritedVariables(env) }).toEqual({
		HOME: "/root",
		AWS_SECRET_ACCESS_KEY: "the command's own business",
	});
});
