import { describe, expect, it } from "vitest";
import { ENVIRONMENT_VARIABLES } from "../../src/env/environment-variables.js";

const byName = new Map(ENVIRONMENT_VARIABLES.map((row) => [row.name, row]));

describe("ENVIRONMENT_VARIABLES", () => {
	it("names each variable once", () => {
		expect(byName.size).toBe(ENVIRONMENT_VARIABLES.length);
	});

	it("holds every variable of the contract", () => {
		const contract = `SOURCE SOURCE_TOKEN VCS_PROVIDER VCS_REPO VCS_TOKEN VCS_IDENTITY VCS_ENVIRONMENT VCS_REF
			VCS_API_URL AGE_KEY PORT TOKEN ID CACHE_TTL CACHE_PATH VERIFY_KEY IDENTITY ENVIRONMENT TELEMETRY_URL
			LOG_LEVEL LOG_FORMAT MAX_ARTIFACT_BYTES`;
		for (const name of contract.split(/\s+/)) expect([...byName.keys()]).toContain(`CLEF_AGENT_${name}`);
	});

	it("allows a file for exactly these", () => {
		const allowed = ENVIRONMENT_VARIABLES.filter(({ fileAllowed }) => fileAllowed).map(({ name }) => name);
		expect(allowed.sort()).toEqual([
			"CLEF_AGENT_AGE_KEY",
			"CLEF_AGENT_SOURCE",
			"CLEF_AGENT_SOURCE_TOKEN",
			"CLEF_AGENT_TOKEN",
			"CLEF_AGENT_VCS_APP_PRIVATE_KEY",
			"CLEF_AGENT_VCS_TOKEN",
			"CLEF_AGENT_VERIFY_KEY",
		]);
	});

	it("allows a file for every secret but a URL", () => {
		const secretsWithoutFile = ENVIRONMENT_VARIABLES.filter((row) => row.secret && !row.fileAllowed);
		expect(secretsWithoutFile.map(({ name }) => name)).toEqual(["CLEF_AGENT_TELEMETRY_URL"]);
	});

	it("says a whole sentence about each", () => {
		for (const { meaning } of ENVIRONMENT_VARIABLES) expect(meaning).toMatch(/^[A-Za-z].*\.$/);
	});

	it("states the same defaults and bounds as the checks apply", () => {
		expect(byName.get("CLEF_AGENT_PORT")).toMatchObject({ default: "`7779`", range: "1–65535, or `none`" });
		expect(byName.get("CLEF_AGENT_CACHE_TTL")?.range).toContain("0–31536000");
		expect(byName.get("CLEF_AGENT_MAX_ARTIFACT_BYTES")?.range).toContain("1024–268435456");
	});
});
