import type { AzureKeyId } from "@clef-sh/artifact";
import { DecryptError } from "./decrypt-error.js";

/** Errors of `@azure/identity`, by their documented names. */
const CREDENTIAL_ERRORS = [
	"CredentialUnavailableError",
	"AggregateAuthenticationError",
	"AuthenticationError",
	"AuthenticationRequiredError",
];

/**
 * Turns whatever the Azure SDK rejects with into one sentence; nothing of the original is kept.
 *
 * `status` is what the vault answered with, as far as an answer came.
 */
export function azureFailure(error: unknown, key: AzureKeyId, status: number | undefined): DecryptError {
	const { name, statusCode, code, details } = Object(error);
	if (CREDENTIAL_ERRORS.includes(name)) return credentialFailure(statusCode);
	if (status !== undefined && status >= 400) {
		const inner = Object(Object(Object(details).error).innerError).code;
		return failed(describeStatus(status, inner, key), status === 429 || status >= 500);
	}
	if (name !== "RestError") {
		return failed(
			`The answer of ${key.vaultUrl} is not an Azure vault's; check what HTTPS_PROXY and the network put in its place`,
			false,
		);
	}
	const reason = typeof code === "string" ? ` (${code})` : "";
	return failed(
		`${key.vaultUrl} could not be reached${reason}; check the vault's name, the network, HTTPS_PROXY and NO_PROXY`,
		true,
	);
}

function describeStatus(status: number, inner: unknown, { url, vaultUrl }: AzureKeyId): string {
	if (status === 401) {
		return `${vaultUrl} did not accept the Azure credentials; check AZURE_TENANT_ID and AZURE_CLIENT_ID, or the managed identity`;
	}
	if (status === 403) return describeDenial(inner, url, vaultUrl);
	if (status === 404) {
		return `${vaultUrl} has no key ${url}, or it is deleted; recover it, or pack the artifact again for a key that exists`;
	}
	if (status === 407) return "The proxy in HTTPS_PROXY answered 407; check the user name and password in it";
	if (status === 429)
		return `${vaultUrl} throttles requests (429); wait, or spread the load over more vaults`;
	if (status === 400) {
		return `${url} does not unwrap the data key, which another key or version wrapped or which is damaged; pack the artifact again`;
	}
	return `${vaultUrl} answered ${status}; try again, and look at the status of Azure`;
}

function describeDenial(inner: unknown, url: string, vaultUrl: string): string {
	if (inner === "KeyDisabled") return `${url} is disabled; enable it, or pack the artifact again`;
	if (inner === "ForbiddenByFirewall" || inner === "ForbiddenByConnection") {
		return `The firewall of ${vaultUrl} does not let this network in; add it to the vault's networking rules`;
	}
	return `${vaultUrl} denied unwrapKey with ${url}; grant keys/unwrapKey on it (role Key Vault Crypto Service Encryption User)`;
}

function credentialFailure(status: unknown): DecryptError {
	if (typeof status === "number" && (status === 429 || status >= 500)) {
		return failed(`Where Azure credentials come from answered ${status}; try again`, true);
	}
	return failed(
		"No usable Azure credentials were found; set AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret, or attach a managed identity",
		false,
	);
}

function failed(sentence: string, retryable: boolean): DecryptError {
	return new DecryptError("DECRYPT_UNWRAP_FAILED", `${sentence}.`, { retryable });
}
