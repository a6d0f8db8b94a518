import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { artifactPath } from "../src/repository.js";

const at = (identity: string, environment = "production"): string =>
	artifactPath({ repo: "acme/app", identity, environment });

describe("artifactPath", () => {
	it("is made of the two names", () => {
		expect(at("api-gateway")).toBe(".clef/packed/api-gateway/production.age.json");
		expect(at("a.b_c-1", "eu.prod")).toBe(".clef/packed/a.b_c-1/eu.prod.age.json");
	});

	it.each(["", "..", "../x", "a/b", "a..b", ".hidden", "-x", "a b", "a%2fb", "a\\b", "a\0b", "ä"])(
		"D35 refuses %j in either place",
		(name) => {
			for (const make of [() => at(name), () => at("api", name)]) {
				expect(make).toThrow(expect.objectContaining({ code: "SOURCE_NOT_FOUND" }));
			}
		},
	);

	it("never leaves its folder", () => {
		fc.assert(
			fc.property(fc.string(), fc.string(), (identity, environment) => {
				let path: string;
				try {
					path = artifactPath({ repo: "acme/app", identity, environment });
				} catch {
					return;
				}
				expect(new URL(path, "https://host/root/").pathname).toBe(`/root/${path}`);
				expect(path.split("/")).toHaveLength(4);
			}),
		);
	});
});
