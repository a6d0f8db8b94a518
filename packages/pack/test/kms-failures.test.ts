import { describe, expect, it } from "vitest";
import { explainAwsFailure } from "../src/aws-kms-failure.js";
import { explainAzureFailure } from "../src/azure-key-vault-failure.js";
import { explainGcpFailure } from "../src/gcp-kms-failure.js";

const NEEDS = { permission: "kms:Encrypt", keyKind: "a symmetric one" };
const SECRET = "AQEBAHh-secret-of-the-request";

describe("explainAwsFailure", () => {
	const explain = (error: object) => explainAwsFailure({ message: SECRET, ...error }, NEEDS);

	it.each([
		"ThrottlingException",
		"Throttling",
		"RequestLimitExceeded",
		"TooManyRequestsException",
		"LimitExceededException",
		"KeyUnavailableException",
		"DependencyTimeoutException",
		"KMSInternalException",
		"TimeoutError",
	])("has the request made again after %s, whatever the status", (name) => {
		expect(explain({ name, $metadata: { httpStatusCode: 400 } })).toMatchObject({
			code: name,
			retryable: true,
		});
	});

	it.each([
		["AccessDeniedException", /allow kms:Encrypt/],
		["NotFoundException", /check the id, the account, and AWS_REGION/],
		["DisabledException", /enable it/],
		["KMSInvalidStateException", /cancel-key-deletion/],
		["InvalidKeyUsageException", /^give a symmetric one$/],
		["ExpiredTokenException", /AWS_SESSION_TOKEN/],
		["SignatureDoesNotMatch", /this machine's clock/],
		["CredentialsProviderError", /AWS_PROFILE/],
	])("does not after %s, and says what to do", (name, hint) => {
		const failure = explain({ name, $metadata: { httpStatusCode: 400 } });
		expect(failure).toMatchObject({ code: name, retryable: false, hint: expect.stringMatching(hint) });
	});

	it("goes by the connection where nothing answered, however deep its error lies", () => {
		const failure = explain({ name: "Error", cause: { errors: [{ code: "ECONNREFUSED" }] } });
		expect(failure).toMatchObject({ code: "ECONNREFUSED", retryable: true });
	});

	it("goes by the name before the status, and by the status before the connection", () => {
		const denied = explain({ name: "AccessDeniedException", $metadata: { httpStatusCode: 503 } });
		expect(denied.retryable).toBe(false);
		const forbidden = explain({ name: "New", code: "ECONNRESET", $metadata: { httpStatusCode: 403 } });
		expect(forbidden).toMatchObject({ problem: "access is denied", retryable: false });
	});

	it.each([undefined, null, "text", 7, new TypeError(SECRET)])(
		"makes a sentence of anything: %j",
		(error) => {
			const failure = explainAwsFailure(error, NEEDS);
			expect(failure).toMatchObject({ problem: "the request failed", retryable: false });
			expect(JSON.stringify(failure)).not.toContain("secret");
		},
	);
});

describe("explainAzureFailure", () => {
	it.each([
		[{ statusCode: 429 }, true],
		[{ statusCode: 500 }, true],
		[{ statusCode: 503 }, true],
		[{ code: "REQUEST_SEND_ERROR" }, true],
		[{ cause: { code: "ENOTFOUND" } }, true],
		[{ statusCode: 400 }, false],
		[{ statusCode: 401 }, false],
		[{ statusCode: 403 }, false],
		[{ statusCode: 404 }, false],
		[{ statusCode: 409 }, false],
		[{ name: "CredentialUnavailableError" }, false],
		[{ name: "AggregateAuthenticationError", statusCode: 503 }, false],
		[{}, false],
	])("has the request made again only where that may help: %j", (error, retryable) => {
		expect(explainAzureFailure({ message: SECRET, ...error }).retryable).toBe(retryable);
	});

	it("shows the most exact word that the vault gave", () => {
		const details = (error: object) => ({ statusCode: 403, code: "Outer", details: { error } });
		expect(
			explainAzureFailure(details({ code: "Forbidden", innerError: { code: "KeyDisabled" } })).code,
		).toBe("KeyDisabled");
		expect(explainAzureFailure(details({ code: "Forbidden" })).code).toBe("Forbidden");
		expect(explainAzureFailure({ statusCode: 403, code: "Outer" }).code).toBe("Outer");
	});
});

describe("explainGcpFailure", () => {
	const answered = (status: number, data: unknown) => ({ message: SECRET, response: { status, data } });
	const ofKms = (status: number) => answered(status, { error: { status: "WORD" } });

	it.each([
		[429, true],
		[500, true],
		[503, true],
		[400, false],
		[401, false],
		[403, false],
		[404, false],
	])("has the request made again only where that may help: %d", (status, retryable) => {
		expect(explainGcpFailure(ofKms(status))).toMatchObject({ code: "WORD", retryable });
	});

	it("tells a refusal of the service that hands out tokens from one of the key", () => {
		const refused = explainGcpFailure(answered(400, { error: "invalid_grant" }));
		expect(refused).toMatchObject({
			problem: "no Google credentials were found or obtained",
			retryable: false,
		});
		expect(explainGcpFailure(ofKms(400)).problem).toBe("the key cannot encrypt");
	});

	it("tells no credentials from no connection", () => {
		expect(explainGcpFailure({ code: "ECONNREFUSED" })).toMatchObject({
			code: "ECONNREFUSED",
			retryable: true,
		});
		expect(explainGcpFailure(new TypeError(SECRET))).toMatchObject({ retryable: false });
	});
});
