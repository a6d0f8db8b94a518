import { expect, it } from "vitest";
import { httpMethod } from "../src/http-method.js";

it("keeps the methods there are and makes one of all others", () => {
	expect(["GET", "HEAD", "get", "BREW", ""].map(httpMethod)).toEqual([
		"GET",
		"HEAD",
		"_OTHER",
		"_OTHER",
		"_OTHER",
	]);
});
