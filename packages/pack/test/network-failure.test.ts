import { expect, it } from "vitest";
import { networkCode } from "../src/network-failure.js";

it.each([
	["ECONNREFUSED", { code: "ECONNREFUSED" }],
	["ENOTFOUND", { cause: { code: "ENOTFOUND" } }],
	["ECONNRESET", { code: "OTHER", cause: { errors: [{ code: "ECONNRESET" }, { code: "ETIMEDOUT" }] } }],
	["EAI_AGAIN", { code: "EAI_AGAIN" }],
	["UND_ERR_CONNECT_TIMEOUT", { cause: { code: "UND_ERR_CONNECT_TIMEOUT" } }],
	["DEPTH_ZERO_SELF_SIGNED_CERT", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }],
	["UNABLE_TO_VERIFY_LEAF_SIGNATURE", { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }],
	["CERT_HAS_EXPIRED", { code: "CERT_HAS_EXPIRED" }],
	["ERR_TLS_CERT_ALTNAME_INVALID", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }],
])("finds %s", (code, error) => {
	expect(networkCode(error)).toBe(code);
});

it.each([undefined, null, "ECONNREFUSED", {}, { code: 7 }, { code: "PERMISSION_DENIED" }, { errors: [] }])(
	"finds nothing in %j",
	(error) => {
		expect(networkCode(error)).toBeUndefined();
	},
);

it("does not follow a cause in circles", () => {
	const error: { cause?: unknown } = {};
	error.cause = error;
	expect(networkCode(error)).toBeUndefined();
});
