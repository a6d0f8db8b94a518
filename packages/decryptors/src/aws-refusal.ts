import { DecryptError } from "./decrypt-error.js";

/** What is known of a failure of the AWS SDK, without any of its words. */
interface AwsFailure {
	readonly code: string;
	readonly status: number | undefined;
	/** The SDK has noted that this machine's clock is wrong, and signs with the server's from now on. */
	readonly clockCorrected: boolean;
}

/** What AWS KMS did and what to check, to be completed with the key. */
type Meaning = readonly [did: string, hint: string, kind?: "retryable" | "credentials"];

const DENIED: Meaning = [
	"does not allow these credentials to decrypt",
	"allow kms:Decrypt on the key in the role's IAM policy and in the key's own policy",
];
const ABSENT: Meaning = [
	"does not know the key",
	"check that it was not deleted, and that AWS_REGION is its region where the key id is no ARN",
];
const UNSIGNED: Meaning = [
	"does not accept the signature",
	"check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or the role they come from, AWS_REGION and this machine's clock",
	"credentials",
];
const STALE: Meaning = [
	"refused the AWS credentials as expired",
	"renew AWS_SESSION_TOKEN and the keys that belong to it, or use a role",
	"credentials",
];
const UNUSABLE: Meaning = [
	"cannot use the key in the state it is in",
	"check that it is not waiting for its deletion or for key material, and that its key store is connected",
];
const DAMAGED: Meaning = [
	"cannot unwrap the data key",
	"it was wrapped by another key or in another account or region, or is damaged: pack the secrets again",
];
const THROTTLED: Meaning = [
	"throttles requests",
	"raise CLEF_AGENT_CACHE_TTL or the account's KMS quota",
	"retryable",
];
const FAILING: Meaning = ["is failing", "it usually recovers by itself", "retryable"];

/** The codes of the KMS API reference (Decrypt and "Common errors") and of AWS's front doors. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
	["AccessDeniedException", DENIED],
	["NotFoundException", ABSENT],
	["InvalidArnException", ABSENT],
	["DisabledException", ["has the key disabled", "enable it, or pack the secrets for another key"]],
	["KMSInvalidStateException", UNUSABLE],
	["IncorrectKeyException", DAMAGED],
	["InvalidCiphertextException", DAMAGED],
	[
		"InvalidKeyUsageException",
		["has the key for another use than encryption", "pack the secrets for a key of usage ENCRYPT_DECRYPT"],
	],
	["UnrecognizedClientException", UNSIGNED],
	["InvalidSignatureException", UNSIGNED],
	["InvalidClientTokenId", UNSIGNED],
	["SignatureDoesNotMatch", UNSIGNED],
	["IncompleteSignature", UNSIGNED],
	["IncompleteSignatureException", UNSIGNED],
	["MissingAuthenticationToken", UNSIGNED],
	["MissingAuthenticationTokenException", UNSIGNED],
	["ExpiredTokenException", STALE],
	["ExpiredToken", STALE],
	["ThrottlingException", THROTTLED],
	["LimitExceededException", THROTTLED],
	["RequestLimitExceeded", THROTTLED],
	["TooManyRequestsException", THROTTLED],
	["KeyUnavailableException", FAILING],
	["DependencyTimeoutException", FAILING],
	["KMSInternalException", FAILING],
]);

/** Where the status alone has to say it: not every answer comes from KMS itself. */
function meaningOf(status: number): Meaning {
	if (status === 429) return THROTTLED;
	if (status >= 500) return FAILING;
	if (status === 401 || status === 403) return DENIED;
	return [`answered ${status} with something unexpected`, "check AWS_ENDPOINT_URL_KMS and AWS_REGION"];
}

/** A refusal, and whether other credentials should be looked for before the next request. */
export interface AwsRefusal {
	readonly error: DecryptError;
	readonly credentialsRefused: boolean;
}

/** Turns what a request to AWS KMS rejected with into an error that keeps none of the SDK's words. */
export function awsRefusal(thrown: unknown, keyId: string): AwsRefusal {
	const { code, status, clockCorrected } = failureOf(thrown);
	if (status === undefined) return { error: unsent(thrown), credentialsRefused: false };
	const [did, hint, kind] = MEANINGS.get(code) ?? meaningOf(status);
	const shown = MEANINGS.has(code) ? code : `status ${status}`;
	const error = new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		`AWS KMS ${did} (${shown}, key ${keyId}); ${hint}.`,
		{ retryable: kind === "retryable" || clockCorrected },
	);
	return { error, credentialsRefused: kind === "credentials" && !clockCorrected };
}

/** What is wrong when the SDK finds no region. */
export function noRegion(): DecryptError {
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		"No AWS region is known for the KMS key; set AWS_REGION, or pack the secrets for the key's ARN.",
	);
}

/** What is wrong when the SDK gets no credentials. */
export function noCredentials(thrown: unknown): DecryptError {
	const { code, status } = failureOf(thrown);
	const retryable = networkCode(thrown) !== undefined || (status !== undefined && status >= 500);
	if (code === "CredentialsProviderError" && !retryable) {
		return new DecryptError(
			"DECRYPT_UNWRAP_FAILED",
			"No AWS credentials were found for KMS; give the process a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
		);
	}
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		"The AWS credentials for KMS could not be obtained; check AWS_PROFILE, AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and whom the role trusts.",
		{ retryable },
	);
}

function unsent(thrown: unknown): DecryptError {
	const code = networkCode(thrown);
	if (code === undefined) {
		return new DecryptError(
			"DECRYPT_UNWRAP_FAILED",
			"No request could be made to AWS KMS; check AWS_REGION, AWS_ENDPOINT_URL_KMS and the AWS configuration files.",
		);
	}
	return new DecryptError(
		"DECRYPT_UNWRAP_FAILED",
		`AWS KMS could not be reached (${code}); check the network, AWS_REGION and AWS_ENDPOINT_URL_KMS.`,
		{ retryable: true },
	);
}

/** By structure, as a handed-in client may come from another copy of the SDK. */
function failureOf(thrown: unknown): AwsFailure {
	const { name, $metadata, $response } = fieldsOf(thrown);
	const { httpStatusCode, clockSkewCorrected } = fieldsOf($metadata);
	const status = httpStatusCode ?? fieldsOf($response).statusCode;
	return {
		code: typeof name === "string" ? name : "",
		status: typeof status === "number" ? status : undefined,
		clockCorrected: clockSkewCorrected === true,
	};
}

/** The code that Node gave a failure to connect or to stay connected; TLS refusals have one, too. */
function networkCode(thrown: unknown): string | undefined {
	const { code, name } = fieldsOf(thrown);
	if (typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
	return name === "TimeoutError" ? "ETIMEDOUT" : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
