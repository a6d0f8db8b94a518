import type { GcpKeyId } from "@clef-sh/artifact";
import { DecryptError } from "./decrypt-error.js";

/** What a failed request of google-auth-library tells, all of it optional. */
interface Failure {
	readonly config?: { readonly url?: unknown };
	readonly response?: { readonly status?: number; readonly data?: unknown };
	readonly code?: unknown;
}

/** Whether a request failed before it came to the KMS, or the KMS did not take its token. */
export function isCredentialFailure(error: unknown, endpoint: string): boolean {
	return !isOfKms(Object(error), endpoint) || Object(error).response?.status === 401;
}

/** Turns whatever google-auth-library rejects with into one sentence; nothing of the original is kept. */
export function gcpFailure(error: unknown, key: GcpKeyId, endpoint: string): DecryptError {
	const failure: Failure = Object(error);
	const status = failure.response?.status;
	if (!isOfKms(failure, endpoint)) return credentialFailure(failure);
	if (status === undefined) {
		const code = typeof failure.code === "string" ? ` (${failure.code})` : "";
		return failed(
			`Google Cloud KMS could not be reached${code}; check the network, HTTPS_PROXY and NO_PROXY`,
			true,
		);
	}
	return failed(describeStatus(status, failure.response?.data, key.name), status === 429 || status >= 500);
}

function describeStatus(status: number, data: unknown, name: string): string {
	const { status: reason = String(status), details } = Object(Object(data).error);
	if (status === 401) {
		return "Google Cloud KMS did not accept the Google credentials; check GOOGLE_APPLICATION_CREDENTIALS or the attached service account";
	}
	if (status === 403) return describeDenial(name, details);
	if (status === 404) {
		return `Google Cloud KMS has no key ${name}; check its project, location, key ring and name, and pack again for a key that exists`;
	}
	if (status === 407) return "The proxy in HTTPS_PROXY answered 407; check the user name and password in it";
	if (status === 429) {
		return `Google Cloud KMS throttles requests for ${name} (429); wait, or raise the quota of its project`;
	}
	if (reason === "FAILED_PRECONDITION") {
		return `The version of ${name} that wrapped the data key is disabled or destroyed; enable it, or pack the artifact again`;
	}
	if (status === 400) {
		return `${name} does not unwrap the data key, which another key wrapped or which is damaged; pack the artifact again`;
	}
	return `Google Cloud KMS answered ${status} for ${name}; try again, and look at the status of Google Cloud`;
}

function describeDenial(name: string, details: unknown): string {
	const reasons = Array.isArray(details) ? details.map((detail) => Object(detail).reason) : [];
	if (reasons.includes("SERVICE_DISABLED")) {
		return `The Cloud KMS API is disabled for the project of ${name}; enable cloudkms.googleapis.com there`;
	}
	return `Google Cloud KMS denied decryption with ${name}; grant cloudkms.cryptoKeyVersions.useToDecrypt (role roles/cloudkms.cryptoKeyDecrypter) on it`;
}

/** What fails elsewhere is a key file, a token endpoint or a metadata server. */
function credentialFailure({ response, config, code }: Failure): DecryptError {
	const check =
		"check GOOGLE_APPLICATION_CREDENTIALS or the service account that is attached to where this runs";
	if (config === undefined) {
		const reason = typeof code === "string" ? ` (${code})` : "";
		return failed(`No usable Google credentials were found${reason}; ${check}`, false);
	}
	const { status } = Object(response);
	if (status === undefined) {
		return failed(
			`Where Google credentials come from could not be reached; check the network, HTTPS_PROXY and NO_PROXY`,
			true,
		);
	}
	return failed(`Google credentials were refused (${status}); ${check}`, status === 429 || status >= 500);
}

function isOfKms({ config }: Failure, endpoint: string): boolean {
	return String(config?.url).startsWith(`${endpoint}/`);
}

function failed(sentence: string, retryable: boolean): DecryptError {
	return new DecryptError("DECRYPT_UNWRAP_FAILED", `${sentence}.`, { retryable });
}
