import { describe, expect, it } from "vitest";
import { proxyChoice } from "../src/proxy-choice.js";

const BOTH = { HTTPS_PROXY: "http://secure.proxy:3128", HTTP_PROXY: "http://plain.proxy:3128" };

function proxyFor(target: string, env: Record<string, string>) {
	return proxyChoice(env)?.(new URL(target));
}

describe("proxyChoice", () => {
	it.each([{}, { NO_PROXY: "*" }, { HTTPS_PROXY: "" }, { https_proxy: " ", HTTP_PROXY: "" }])(
		"is none without a proxy: %j",
		(env) => {
			expect(proxyChoice(env)).toBeUndefined();
		},
	);

	it("is by the target's scheme, and by nothing else", () => {
		expect(proxyFor("https://example.org/", BOTH)?.variable).toBe("HTTPS_PROXY");
		expect(proxyFor("http://example.org/", BOTH)?.url?.host).toBe("plain.proxy:3128");
		expect(proxyFor("https://example.org/", { HTTP_PROXY: BOTH.HTTP_PROXY })).toBeUndefined();
	});

	it("takes the lower-case name first, unless it is empty", () => {
		const env = { ...BOTH, https_proxy: "http://lower.proxy", http_proxy: "" };
		expect(proxyFor("https://example.org/", env)?.url?.host).toBe("lower.proxy");
		expect(proxyFor("http://example.org/", env)?.url?.host).toBe("plain.proxy:3128");
		const no = { ...BOTH, no_proxy: "example.org", NO_PROXY: "other.org" };
		expect(proxyFor("https://example.org/", no)).toBeUndefined();
		expect(proxyFor("https://other.org/", no)).toBeDefined();
	});

	it("takes an address without a scheme for http", () => {
		expect(proxyFor("https://example.org/", { HTTPS_PROXY: "proxy:3128" })?.url?.href).toBe(
			"http://proxy:3128/",
		);
	});

	it.each(["socks5://proxy:1080", "http://", "::"])("has no address in %j", (HTTPS_PROXY) => {
		expect(proxyFor("https://example.org/", { HTTPS_PROXY })).toEqual({
			variable: "HTTPS_PROXY",
			url: undefined,
		});
	});

	it.each([
		["http://ann:p%40ss@proxy/", "ann:p@ss"],
		["http://token@proxy/", "token:"],
		["http://ann:100%@proxy/", "ann:100%"],
	])("takes the userinfo out of %s", (HTTPS_PROXY, pair) => {
		const proxy = proxyFor("https://example.org/", { HTTPS_PROXY });
		expect(proxy?.url?.href).toBe("http://proxy/");
		expect(proxy?.authorization).toBe(`Basic ${Buffer.from(pair).toString("base64")}`);
	});

	it.each(["localhost", "agent.localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080"])(
		"never leads to loopback: %s",
		(host) => {
			expect(proxyFor(`http://${host}/`, BOTH)).toBeUndefined();
		},
	);

	it.each(["127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[fd00::1]"])(
		"is not fooled into taking %s for loopback",
		(host) => {
			expect(proxyFor(`http://${host}/`, BOTH)).toBeDefined();
		},
	);
});

describe("NO_PROXY", () => {
	it.each([
		["*", "https://example.org/", true],
		["example.org", "https://example.org/", true],
		["example.org", "https://api.example.org/", true],
		["example.org", "https://notexample.org/", false],
		["example.org", "https://example.org.evil.example/", false],
		[".example.org", "https://api.example.org/", true],
		["*.example.org", "https://api.example.org/", true],
		["EXAMPLE.org", "https://Example.ORG/", true],
		["example.org", "https://example.org./", true],
		["example.org:8443", "https://example.org:8443/", true],
		["example.org:8443", "https://example.org/", false],
		["example.org:443", "https://example.org/", true],
		["example.org:80", "http://example.org/", true],
		["a.test, b.test\tc.test", "https://c.test/", true],
		[",, ", "https://c.test/", false],
		["10.0.0.1", "http://10.0.0.1:8080/", true],
		["10.0.0.0/8", "http://10.200.0.1/", true],
		["10.0.0.0/8", "http://11.0.0.1/", false],
		["10.0.0.0/8", "http://ten.example/", false],
		["10.0.0.0/64", "http://10.0.0.1/", false],
		["1.2.3/8", "http://1.2.3.4/", false],
		["fd00::/8", "http://[fd12::1]/", true],
		["fd00::/8", "http://10.0.0.1/", false],
		["[fd00::1]", "http://[fd00::1]:8080/", true],
		["fd00::1", "http://[fd00::1]:8080/", true],
		["[fd00::1]:80", "http://[fd00::1]:8080/", false],
	])("%j lets %s go straight: %s", (NO_PROXY, target, straight) => {
		expect(proxyFor(target, { ...BOTH, NO_PROXY }) === undefined).toBe(straight);
	});
});
