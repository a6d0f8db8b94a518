import { describe, expect, it } from "vitest";
import { awsRefusal, noCredentials, noRegion } from "../src/aws-refusal.js";

const KEY = "alias/clef";

/** An error as the SDK throws it, with words that must not come through. */
function thrown(fields: object): Error {
	return Object.assign(new Error("SDK words with AKIASECRET"), fields);
}

function answered(name: string, httpStatusCode: number, metadata: object = {}): Error {
	return thrown({ name, $metadata: { httpStatusCode, ...metadata } });
}

describe("awsRefusal", () => {
	it.each([
		["AccessDeniedException", 400, "does not allow", false, false],
		["NotFoundException", 400, "does not know the key", false, false],
		["DisabledException", 400, "has the key disabled", false, false],
		["KMSInvalidStateException", 400, "in the state it is in", false, false],
		["IncorrectKeyException", 400, "cannot unwrap", false, false],
		["InvalidKeyUsageException", 400, "another use", false, false],
		["UnrecognizedClientException", 400, "does not accept the signature", false, true],
		["ExpiredTokenException", 400, "as expired", false, true],
		["ThrottlingException", 400, "throttles", true, false],
		["KeyUnavailableException", 500, "is failing", true, false],
		["Other", 401, "does not allow", false, false],
		["Other", 418, "answered 418", false, false],
	])("%s (%i): %s", (name, status, words, retryable, credentialsRefused) => {
		const refusal = awsRefusal(answered(name, status), KEY);
		expect(refusal.credentialsRefused).toBe(credentialsRefused);
		expect(refusal.error).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED", retryable });
		expect(refusal.error.message).toMatch(new RegExp(`^AWS KMS .*${words}`));
		expect(refusal.error.message).toContain(KEY);
		expect(refusal.error.message).not.toContain("SDK words");
		expect(refusal.error.cause).toBeUndefined();
	});

	it("does not look for other credentials where only the clock was wrong", () => {
		const error = answered("InvalidSignatureException", 400, { clockSkewCorrected: true });
		expect(awsRefusal(error, KEY)).toMatchObject({ credentialsRefused: false, error: { retryable: true } });
	});

	it("takes the status of an answer that the SDK could not read", () => {
		const error = thrown({ name: "SyntaxError", $response: { statusCode: 503 } });
		expect(awsRefusal(error, KEY).error).toMatchObject({ retryable: true });
	});

	it.each([
		[thrown({ code: "ECONNRESET" }), "could not be reached (ECONNRESET)", true],
		[thrown({ name: "TimeoutError" }), "could not be reached (ETIMEDOUT)", true],
		[thrown({ code: 7 }), "No request could be made", false],
		["a text", "No request could be made", false],
		[undefined, "No request could be made", false],
		[{ name: 1, $metadata: { httpStatusCode: "400" } }, "No request could be made", false],
	])("tells what never was answered from a refusal: %s", (error, words, retryable) => {
		expect(awsRefusal(error, KEY)).toMatchObject({
			credentialsRefused: false,
			error: { code: "DECRYPT_UNWRAP_FAILED", message: expect.stringContaining(words), retryable },
		});
	});
});

describe("before a request", () => {
	it("names the variable for the region", () => {
		expect(noRegion()).toMatchObject({ retryable: false, message: expect.stringContaining("AWS_REGION") });
	});

	it.each([
		[thrown({ name: "CredentialsProviderError" }), "No AWS credentials were found", false],
		[answered("AccessDenied", 403), "could not be obtained", false],
		[answered("InternalFailure", 500), "could not be obtained", true],
		[thrown({ code: "ECONNREFUSED" }), "could not be obtained", true],
		[thrown({ name: "CredentialsProviderError", code: "ECONNREFUSED" }), "could not be obtained", true],
	])("tells no credentials from credentials that are not handed out: %s", (error, words, retryable) => {
		const failure = noCredentials(error);
		expect(failure).toMatchObject({ retryable, message: expect.stringContaining(words) });
		expect(failure.message).not.toContain("AKIASECRET");
	});
});
