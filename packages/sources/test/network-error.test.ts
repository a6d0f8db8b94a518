import { describe, expect, it } from "vitest";
import { networkError } from "../src/network-error.js";

const coded = (code: string) => Object.assign(new Error("secret detail"), { code });
const wrapped = (cause: unknown) => new TypeError("fetch failed", { cause });

describe("networkError", () => {
	it.each([
		["ECONNREFUSED", "SOURCE_UNREACHABLE", "server is up"],
		["ECONNRESET", "SOURCE_UNREACHABLE", "server is up"],
		["ENOTFOUND", "SOURCE_UNREACHABLE", "DNS"],
		["EAI_AGAIN", "SOURCE_UNREACHABLE", "DNS"],
		["CERT_HAS_EXPIRED", "SOURCE_UNREACHABLE", "NODE_EXTRA_CA_CERTS"],
		["DEPTH_ZERO_SELF_SIGNED_CERT", "SOURCE_UNREACHABLE", "NODE_EXTRA_CA_CERTS"],
		["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SOURCE_UNREACHABLE", "NODE_EXTRA_CA_CERTS"],
		["ERR_TLS_CERT_ALTNAME_INVALID", "SOURCE_UNREACHABLE", "NODE_EXTRA_CA_CERTS"],
		["ETIMEDOUT", "SOURCE_TIMEOUT", "in time"],
		["UND_ERR_CONNECT_TIMEOUT", "SOURCE_TIMEOUT", "in time"],
		["UND_ERR_HEADERS_TIMEOUT", "SOURCE_TIMEOUT", "in time"],
		["HPE_INVALID_CONSTANT", "SOURCE_BAD_RESPONSE", "HTTP"],
		["UND_ERR_HEADERS_OVERFLOW", "SOURCE_BAD_RESPONSE", "HTTP"],
		["Z_DATA_ERROR", "SOURCE_BAD_RESPONSE", "HTTP"],
		["ERR__ERROR_FORMAT_PADDING_1", "SOURCE_BAD_RESPONSE", "HTTP"],
	])("reads %s as %s", (code, meaning, hint) => {
		const error = networkError(wrapped(coded(code)), "the place");
		expect(error.code).toBe(meaning);
		expect(error.message).toContain(`(${code})`);
		expect(error.message).toContain(hint);
		expect(error.message).not.toContain("secret");
		expect(error.cause).toBeUndefined();
	});

	it("finds the code among several addresses that were tried", () => {
		const several = wrapped(new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]));
		expect(networkError(several, "the place").message).toContain("(ECONNREFUSED)");
	});

	it.each([
		["a bare failure", new TypeError("fetch failed")],
		["no error at all", "boom"],
		["a code that is no name", wrapped(Object.assign(new Error("x"), { code: "https://secret" }))],
		["a numeric code", wrapped(Object.assign(new Error("x"), { code: 5 }))],
	])("does without a code: %s", (_, thrown) => {
		const error = networkError(thrown, "the place");
		expect(error).toMatchObject({ code: "SOURCE_UNREACHABLE", retryable: true });
		expect(error.message).toMatch(/^Could not read the place; /);
	});

	it("does not follow causes in a circle", () => {
		const circular = new Error("x");
		circular.cause = circular;
		expect(networkError(circular, "the place").code).toBe("SOURCE_UNREACHABLE");
	});
});
