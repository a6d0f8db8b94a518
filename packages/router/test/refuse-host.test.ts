import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createHostCheck, refuseHost } from "../src/refuse-host.js";
import { requestOf } from "../src/route-request.js";

const GOOD = ["127.0.0.1", "localhost", "LocalHost", "127.0.0.1:7779", "localhost:7779"];
const BAD = [
	"",
	"evil.example",
	"127.0.0.1.evil",
	"127.0.0.1.",
	"localhost.",
	"localhost:7779.",
	"127.1",
	"127.0.0.2",
	"0x7f.1",
	"2130706433",
	"0.0.0.0",
	"[::1]",
	"[::1]:7779",
	"[::ffff:127.0.0.1]",
	"localhost.localdomain",
	"user@localhost",
	"localhost@evil",
	"localhost:",
	"localhost:x",
	"localhost:-1",
	"localhost:7779:7779",
	"localhost, localhost",
	"localhost/",
	"localhost\\",
	" localhost",
];

describe("createHostCheck", () => {
	it.each(GOOD)("L28 accepts %s", (host) => {
		expect(createHostCheck(7779)(host)).toBe(true);
		expect(createHostCheck()(host)).toBe(true);
	});

	it.each(BAD)("L28 refuses %j", (host) => {
		expect(createHostCheck(7779)(host)).toBe(false);
		expect(createHostCheck()(host)).toBe(false);
	});

	it.each(["localhost:80", "localhost:07779", "127.0.0.1:77790", "localhost:777"])(
		"L28 refuses %s when it listens on 7779",
		(host) => {
			expect(createHostCheck(7779)(host)).toBe(false);
		},
	);
});

describe("refuseHost", () => {
	const told = async (url: string, headers = new Headers()) =>
		(
			await new Hono().get("/", (c) => c.text(requestOf(c).hostToCheck ?? "")).request(url, { headers })
		).text();

	it("takes the URL's host where there is no Host header", async () => {
		expect(refuseHost(await told("http://localhost:1/"))).toBeUndefined();
		expect(refuseHost(await told("http://evil.example/"))?.status).toBe(403);
	});

	it("L28 refuses a Host given twice, even when both are right", async () => {
		const headers = new Headers({ Host: "localhost" });
		headers.append("Host", "localhost");
		expect(refuseHost(await told("http://localhost/", headers))?.status).toBe(403);
	});
});
