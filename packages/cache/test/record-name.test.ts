import { describe, expect, it } from "vitest";
import { recordName } from "../src/record-name.js";

const source = "http https://secrets.example/artifact";

describe("recordName", () => {
	it("is readable and stays the same", () => {
		const name = recordName({ identity: "api", environment: "production", source });
		expect(name).toMatch(/^api\.production\.[0-9a-f]{16}\.clef$/);
		expect(recordName({ identity: "api", environment: "production", source })).toBe(name);
	});

	it("does without what is not configured", () => {
		expect(recordName({ source })).toMatch(/^[0-9a-f]{16}\.clef$/);
	});

	it.each([
		"../../x",
		"..",
		".",
		"/etc/passwd",
		"a\0b",
		"a/b",
		"a\\b",
		"-rf",
		"ä".repeat(500),
		"a\nb",
		"CON",
		"x".repeat(5_000),
	])("D35 never leaves its directory for the identity %j", (identity) => {
		const name = recordName({ identity, environment: identity, source });
		expect(name).toMatch(/^[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\.[0-9a-f]{16}\.clef$/);
		expect(name.length).toBeLessThan(160);
		expect(name).not.toContain("..");
	});

	it("D35 tells apart what sanitising makes alike, and what lies elsewhere", () => {
		const subjects = [
			{ identity: "a/b", source },
			{ identity: "a_b", source },
			{ environment: "a_b", source },
			{ identity: "a", environment: "b", source },
			{ identity: "a.b", source },
			{ source },
			{ source: "file /artifact" },
		];
		expect(new Set(subjects.map(recordName)).size).toBe(subjects.length);
	});
});
