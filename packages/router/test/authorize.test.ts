import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAuthorization } from "../src/authorize.js";
import { TOKEN } from "./requests.js";

const authorize = createAuthorization(() => TOKEN);
const statusOf = (header: string) => authorize(new Headers({ Authorization: header }))?.status;

describe("createAuthorization", () => {
	it("D38 asks for the token as it is at each request, and for no earlier one", () => {
		let token = "first-token";
		const check = createAuthorization(() => token);
		const bearing = (sent: string) => check(new Headers({ authorization: `Bearer ${sent}` }))?.status;
		expect(bearing("first-token")).toBeUndefined();
		token = "second-token";
		expect(bearing("first-token")).toBe(401);
		expect(bearing("second-token")).toBeUndefined();
	});

	it("lets the right token pass", () => {
		expect(statusOf(`Bearer ${TOKEN}`)).toBeUndefined();
	});

	it("L31 refuses every prefix of the right token", () => {
		for (let length = 0; length < TOKEN.length; length += 1) {
			expect(statusOf(`Bearer ${TOKEN.slice(0, length)}`)).toBe(401);
		}
	});

	it("L31 refuses the right token with any one character changed", () => {
		for (let at = 0; at < TOKEN.length; at += 1) {
			expect(statusOf(`Bearer ${TOKEN.slice(0, at)}~${TOKEN.slice(at + 1)}`)).toBe(401);
		}
	});

	it.each([
		["no scheme", TOKEN],
		["lower-case scheme", `bearer ${TOKEN}`],
		["upper-case scheme", `BEARER ${TOKEN}`],
		["another scheme", `Basic ${TOKEN}`],
		["two spaces", `Bearer  ${TOKEN}`],
		["a tab", `Bearer\t${TOKEN}`],
		["something behind it", `Bearer ${TOKEN}x`],
		["a list", `Bearer ${TOKEN}, Bearer ${TOKEN}`],
		["quotes", `Bearer "${TOKEN}"`],
		["the scheme alone", "Bearer"],
		["nothing", ""],
		["10 MB", `Bearer ${"a".repeat(10_000_000)}`],
	])("L31 refuses %s", (_, header) => {
		expect(statusOf(header)).toBe(401);
	});

	it("L31 refuses the header given twice, and no header at all", () => {
		const headers = new Headers();
		expect(authorize(headers)?.status).toBe(401);
		headers.append("Authorization", `Bearer ${TOKEN}`);
		headers.append("Authorization", `Bearer ${TOKEN}`);
		expect(authorize(headers)?.status).toBe(401);
	});

	it.each([1, 31, 32, 64, 70, 71, 72, 73, 78, 80, 300, 5000])(
		"L31 tells tokens of %i bytes from all that are like them",
		(length) => {
			const token = "t".repeat(length);
			const check = createAuthorization(() => token);
			const bearing = (sent: string) => check(new Headers({ authorization: `Bearer ${sent}` }))?.status;
			expect(bearing(token)).toBeUndefined();
			for (const other of [`${token}t`, token.slice(1), `${token.slice(1)}u`, `u${token.slice(1)}`])
				expect(bearing(other)).toBe(401);
		},
	);

	it("L31 does not take the digest of a long token for the token", () => {
		const token = "t".repeat(300);
		const check = createAuthorization(() => token);
		const bearing = (sent: string) => check({ get: () => sent, has: () => true })?.status;
		expect(bearing(`Bearer ${token}`)).toBeUndefined();
		for (const digested of [token, `Bearer ${token}`]) {
			const digest = hash("sha256", digested, "buffer").toString("latin1");
			expect([bearing(digest), bearing(`Bearer ${digest}`)]).toEqual([401, 401]);
		}
	});

	it("names the scheme to use", () => {
		const refused = authorize(new Headers());
		expect(refused?.headers["WWW-Authenticate"]).toBe("Bearer");
		expect(refused?.body).toContain("UNAUTHORIZED");
	});

	it("compares bytes, so that a token outside ASCII works as it was sent", () => {
		const check = createAuthorization(() => "pässwörter-✓");
		const asSent = Buffer.from("Bearer pässwörter-✓").toString("latin1");
		expect(check(new Headers({ Authorization: asSent }))).toBeUndefined();
		expect(check(new Headers({ Authorization: "Bearer p?sswörter" }))?.status).toBe(401);
	});
});
