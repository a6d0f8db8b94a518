import { describe, expect, it } from "vitest";
import { networkError } from "../src/network-error.js";
import { ProxyFailure, type ProxyProblem } from "../src/proxy-failure.js";

const PROXY = { variable: "HTTPS_PROXY", url: undefined } as const;

function meaningOf(problem: ProxyProblem) {
	return networkError(
		new TypeError("fetch failed", { cause: new ProxyFailure(PROXY, problem) }),
		"the place",
	);
}

describe("a failure of the proxy, wrapped as fetch wraps it,", () => {
	it.each([
		[{}, "SOURCE_UNREACHABLE", "through the proxy in HTTPS_PROXY; check its address"],
		[{ code: "ECONNRESET" }, "SOURCE_UNREACHABLE", "through the proxy in HTTPS_PROXY (ECONNRESET);"],
		[{ code: "ETIMEDOUT" }, "SOURCE_TIMEOUT", "(ETIMEDOUT)"],
		[{ code: "UND_ERR_CONNECT_TIMEOUT" }, "SOURCE_TIMEOUT", "(UND_ERR_CONNECT_TIMEOUT)"],
		[{ code: "CERT_HAS_EXPIRED" }, "SOURCE_UNREACHABLE", "NODE_EXTRA_CA_CERTS can name a private authority"],
		[
			{ status: 407 },
			"SOURCE_UNAUTHORIZED",
			"answered 407 instead of connecting to the place; check the user",
		],
		[{ status: 403 }, "SOURCE_UNAUTHORIZED", "name the host in NO_PROXY"],
		[{ status: 504 }, "SOURCE_UNREACHABLE", "check that it can reach that host"],
	])("%j is %s", (problem, code, message) => {
		const error = meaningOf(problem);
		expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
		expect(error.cause).toBeUndefined();
	});
});
