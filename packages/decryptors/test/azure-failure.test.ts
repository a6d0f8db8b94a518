import { describe, expect, it } from "vitest";
import { azureFailure } from "../src/azure-failure.js";

const SECRET = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.not-for-logs";
const KEY = {
	provider: "azure",
	vaultUrl: "https://team.vault.azure.net",
	keyName: "secrets",
	url: "https://team.vault.azure.net/keys/secrets",
} as const;

describe("azureFailure", () => {
	it("says that the vault is unreachable even where no code tells why", () => {
		const error = Object.assign(new Error(SECRET), { name: "RestError" });
		expect(azureFailure(error, KEY, undefined)).toMatchObject({
			retryable: true,
			message: expect.stringMatching(/^https:\/\/team\.vault\.azure\.net could not be reached; /),
		});
	});

	it.each([undefined, null, "no error", {}, new RangeError(SECRET)])("makes do with %s", (error) => {
		expect(azureFailure(error, KEY, undefined).message).toContain("is not an Azure vault's");
		expect(azureFailure(error, KEY, 200).message).toContain("is not an Azure vault's");
		expect(azureFailure(error, KEY, 403).message).toContain("denied unwrapKey");
	});

	it.each([
		"CredentialUnavailableError",
		"AggregateAuthenticationError",
		"AuthenticationError",
		"AuthenticationRequiredError",
	])("takes %s for what it is, though the vault's challenge was a 401", (name) => {
		const error = Object.assign(new Error(SECRET), { name });
		expect(azureFailure(error, KEY, 401).message).toContain("No usable Azure credentials");
	});

	it("keeps nothing of the original, which may hold a token", () => {
		for (const status of [undefined, 200, 400, 401, 403, 404, 407, 429, 500]) {
			for (const name of ["Error", "RestError", "AuthenticationError"]) {
				const error = Object.assign(new Error(SECRET), { name, response: { bodyAsText: SECRET } });
				const described = azureFailure(error, KEY, status);
				expect(described.message).not.toContain(SECRET);
				expect(described.message).toMatch(/^.*[^.]\.$/);
				expect(described.cause).toBeUndefined();
			}
		}
	});
});
