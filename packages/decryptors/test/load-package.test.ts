import { describe, expect, it } from "vitest";
import { loadPackage } from "../src/load-package.js";
import { rejection } from "./verified.js";

describe("loadPackage", () => {
	it("hands out what it loads", async () => {
		const library = { name: "library" };
		expect(await loadPackage("library", async () => library)).toBe(library);
	});

	it("says what to install for a package that Node does not find", async () => {
		const name: string = "@clef-sh/of-this-name-there-is-none";
		expect(
			await rejection(loadPackage(`${name} another`, () => import(/* @vite-ignore */ name))),
		).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: `This artifact's key needs a package that is not installed; run \`npm install ${name} another\`.`,
		});
	});

	it("lets every other failure through as it is", async () => {
		const broken = new SyntaxError("Unexpected token");
		expect(await rejection(loadPackage("library", () => Promise.reject(broken)))).toBe(broken);
	});
});
