import { describe, expect, it } from "vitest";
import { createRouter } from "../src/create-router.js";
import { refuseBrowser } from "../src/refuse-browser.js";
import { FakeAgent } from "./fake-agent.js";
import { ask, TOKEN } from "./requests.js";

describe("refuseBrowser", () => {
	it.each([
		["Origin", "https://evil.example"],
		["Origin", "http://localhost:7779"],
		["Origin", "null"],
		["Origin", ""],
		["Sec-Fetch-Site", "cross-site"],
		["Sec-Fetch-Site", "same-site"],
		["Sec-Fetch-Site", "SAME-ORIGIN"],
		["Sec-Fetch-Site", ""],
	])("L29 refuses %s: %s", (name, value) => {
		expect(refuseBrowser(new Headers({ [name]: value }))?.status).toBe(400);
	});

	it.each(["same-origin", "none"])("lets Sec-Fetch-Site: %s pass", (site) => {
		expect(refuseBrowser(new Headers({ "Sec-Fetch-Site": site }))).toBeUndefined();
	});

	it("L29 a page sees neither a preflight answered nor a form taken", async () => {
		const router = createRouter(await FakeAgent.of({ KEY: "v" }), { token: TOKEN });
		const origin = { Origin: "https://evil.example" };
		const preflight = { ...origin, "Access-Control-Request-Method": "GET" };
		const form = { ...origin, "Content-Type": "application/x-www-form-urlencoded" };
		for (const [method, headers] of [
			["OPTIONS", preflight],
			["POST", form],
		] as const) {
			const response = await ask(router, "/v1/secrets", headers, method);
			expect(response.status).toBe(405);
			expect(response.headers.get("Allow")).toBe("GET, HEAD");
			expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
		}
	});

	it("leaves the status endpoints to anyone who got the host right", async () => {
		const router = createRouter(await FakeAgent.of({ KEY: "v" }), { token: TOKEN });
		const headers = { Origin: "https://evil.example", Via: "1.1 proxy" };
		expect((await ask(router, "/v1/health", headers)).status).toBe(200);
		expect((await ask(router, "/v1/ready", headers)).status).toBe(200);
	});
});
