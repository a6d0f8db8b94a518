import { describe, expect, it } from "vitest";
import { gcpFailure, isCredentialFailure } from "../src/gcp-failure.js";

const ENDPOINT = "https://cloudkms.googleapis.com";
const KEY = {
	provider: "gcp",
	name: "projects/acme/locations/global/keyRings/r/cryptoKeys/k",
	location: "global",
} as const;
const AT_KMS = { config: { url: new URL(`${ENDPOINT}/v1/${KEY.name}:decrypt`) } };
const AT_TOKEN_ENDPOINT = { config: { url: new URL("https://oauth2.googleapis.com/token") } };

const failure = (error: unknown) => gcpFailure(error, KEY, ENDPOINT);

describe("gcpFailure", () => {
	it.each([
		["a token endpoint that fails", { response: { status: 500 } }, true, /were refused \(500\)/],
		["a token endpoint that throttles", { response: { status: 429 } }, true, /were refused \(429\)/],
		["a token endpoint that refuses", { response: { status: 400 } }, false, /were refused \(400\)/],
		["a token endpoint out of reach", { code: "ENOTFOUND" }, true, /come from could not be reached/],
	])("says that it is %s", (_name, error, retryable, message) => {
		const described = failure({ ...AT_TOKEN_ENDPOINT, ...error });
		expect(described).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED", retryable });
		expect(described.message).toMatch(message);
		expect(isCredentialFailure({ ...AT_TOKEN_ENDPOINT, ...error }, ENDPOINT)).toBe(true);
	});

	it("does not take a host that begins like the KMS for the KMS", () => {
		const config = { url: "https://cloudkms.googleapis.com.evil.example/v1/" };
		expect(isCredentialFailure({ config, response: { status: 403 } }, ENDPOINT)).toBe(true);
	});

	it("says that the KMS is unreachable even where no code tells why", () => {
		expect(failure(AT_KMS).message).toMatch(/^Google Cloud KMS could not be reached; /);
	});

	it.each([undefined, null, "no JSON", {}, { error: null }, { error: { details: "?" } }])(
		"makes do with the body %j",
		(data) => {
			expect(failure({ ...AT_KMS, response: { status: 403, data } }).message).toContain("denied decryption");
			expect(failure({ ...AT_KMS, response: { status: 400, data } }).message).toContain("does not unwrap");
		},
	);

	it("keeps nothing of the original, which may hold a token or a key", () => {
		const secret = "ya29.not-for-logs";
		const headers = { authorization: `Bearer ${secret}` };
		for (const status of [undefined, 400, 401, 403, 404, 407, 429, 500]) {
			for (const { config } of [AT_KMS, AT_TOKEN_ENDPOINT, { config: undefined }]) {
				const response = status === undefined ? undefined : { status, data: { error: { message: secret } } };
				const described = failure(
					Object.assign(new Error(secret), { config: config && { ...config, headers }, response }),
				);
				expect(described.message).not.toContain(secret);
				expect(described.message).toMatch(/^[A-Z].*[^.]\.$/i);
				expect(described.cause).toBeUndefined();
			}
		}
	});
});
