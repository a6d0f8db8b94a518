import { describe, expect, it } from "vitest";
import { refuseProxy } from "../src/refuse-proxy.js";

describe("refuseProxy", () => {
	it.each(["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"])(
		"L30 refuses %s, with any value",
		(name) => {
			for (const value of ["127.0.0.1", "for=127.0.0.1", ""]) {
				expect(refuseProxy(new Headers({ [name.toLowerCase()]: value }))?.status).toBe(400);
			}
		},
	);

	it("lets a direct request pass", () => {
		expect(refuseProxy(new Headers({ "User-Agent": "app", Accept: "*/*" }))).toBeUndefined();
	});
});
