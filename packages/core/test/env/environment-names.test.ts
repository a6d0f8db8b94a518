import { describe, expect, it } from "vitest";
import { checkNames } from "../../src/env/environment-names.js";
import { ENVIRONMENT_VARIABLES } from "../../src/env/environment-variables.js";

describe("checkNames", () => {
	it.each([
		["CLEF_AGENT_VERIFY_KEYS", "CLEF_AGENT_VERIFY_KEY"],
		["CLEF_AGENT_VERFY_KEY", "CLEF_AGENT_VERIFY_KEY"],
		["CLEF_AGENT_VERIFYKEY_FILE", "CLEF_AGENT_VERIFY_KEY_FILE"],
		["CLEF_AGENT_AGEKEY", "CLEF_AGENT_AGE_KEY"],
		["CLEF_AGENT_TTL", "CLEF_AGENT_ID"],
		["CLEF_AGENT_CACHE_TLL", "CLEF_AGENT_CACHE_TTL"],
		["CLEF_AGENT_", "CLEF_AGENT_ID"],
		["clef_agent_verify_key", "CLEF_AGENT_VERIFY_KEY"],
	])("asks whether %s was meant to be %s", (name, nearest) => {
		expect(checkNames({ [name]: "x" }).problems).toEqual([`${name} is not known; did you mean ${nearest}?`]);
	});

	it("says of a variable that cannot be a file that it cannot", () => {
		expect(checkNames({ CLEF_AGENT_PORT_FILE: "/run/port" }).problems).toEqual([
			"CLEF_AGENT_PORT_FILE is not known: CLEF_AGENT_PORT cannot be given as a file; set CLEF_AGENT_PORT itself.",
		]);
	});

	it("reports an unknown name even when it is empty, for it is still a typo", () => {
		expect(checkNames({ CLEF_AGENT_VERIFY_KYE: "" }).problems).toHaveLength(1);
	});

	it("takes no notice of names that are not ours, nor of unset ones", () => {
		const env = { PATH: "/bin", CLEF_TELEMETRY_TOKEN: "x", MY_CLEF_AGENT_X: "x", CLEF_AGENT_X: undefined };
		expect(checkNames(env)).toEqual({ problems: [], serviceLinks: new Set() });
	});

	it("knows every name of the table, with _FILE exactly where a file is allowed", () => {
		for (const { name, fileAllowed } of ENVIRONMENT_VARIABLES) {
			expect(checkNames({ [name]: "x" }).problems).toEqual([]);
			expect(checkNames({ [`${name}_FILE`]: "x" }).problems).toHaveLength(fileAllowed ? 0 : 1);
		}
	});

	it("sets Kubernetes service links aside", () => {
		const env = { CLEF_AGENT_PORT: "tcp://10.0.0.1:7779", CLEF_AGENT_SERVICE_HOST: "10.0.0.1" };
		expect(checkNames(env)).toEqual({ problems: [], serviceLinks: new Set(Object.keys(env)) });
	});
});
