import type { KmsFailure } from "./kms-call.js";
import { networkCode } from "./network-failure.js";

/** What a request takes, to be named where it was missing. */
export interface AwsKmsNeeds {
	readonly permission: string;
	readonly keyKind: string;
}

type Meaning = (needs: AwsKmsNeeds) => readonly [problem: string, hint: string];

const DENIED: Meaning = ({ permission }) => [
	"access is denied",
	`allow ${permission} on the key to these credentials, in a policy of theirs or of the key`,
];
const ABSENT: Meaning = () => [
	"there is no such key",
	"check the id, the account, and AWS_REGION unless the id is an ARN",
];
const DISABLED: Meaning = () => ["the key is disabled", "enable it or give another"];
const UNUSABLE: Meaning = () => [
	"the key is about to be deleted, or lacks its material",
	"cancel the deletion with aws kms cancel-key-deletion, or give another",
];
const UNFIT: Meaning = ({ keyKind }) => ["the key is not made for this", `give ${keyKind}`];
const STRANGERS: Meaning = () => [
	"the credentials are not accepted",
	"check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile or role, and this machine's clock",
];
const NO_CREDENTIALS: Meaning = () => [
	"no AWS credentials were found or obtained",
	"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the process a role",
];
const NO_REGION: Meaning = () => ["no region is known", "set AWS_REGION or give the key's ARN"];
const UNKNOWN: Meaning = () => [
	"the request failed",
	"check the key, AWS_REGION, AWS_ENDPOINT_URL_KMS and the AWS configuration files",
];
const BUSY: Meaning = () => ["too many requests are made", "try again in a while"];
const DOWN: Meaning = () => ["the service failed on its side", "try again in a while"];
const UNREACHABLE: Meaning = () => [
	"no connection came about",
	"check the network, AWS_REGION and AWS_ENDPOINT_URL_KMS",
];

/** By the name the SDK gives an error: of the service, of its front door, or of the SDK itself. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
	["AccessDeniedException", DENIED],
	["AccessDenied", DENIED],
	["NotFoundException", ABSENT],
	["InvalidArnException", ABSENT],
	["DisabledException", DISABLED],
	["KMSInvalidStateException", UNUSABLE],
	["InvalidKeyUsageException", UNFIT],
	["UnsupportedOperationException", UNFIT],
	["ValidationException", UNFIT],
	["UnrecognizedClientException", STRANGERS],
	["InvalidClientTokenId", STRANGERS],
	["InvalidSignatureException", STRANGERS],
	["SignatureDoesNotMatch", STRANGERS],
	["IncompleteSignature", STRANGERS],
	["MissingAuthenticationToken", STRANGERS],
	["MissingAuthenticationTokenException", STRANGERS],
	["ExpiredToken", STRANGERS],
	["ExpiredTokenException", STRANGERS],
	["RequestExpired", STRANGERS],
	["CredentialsProviderError", NO_CREDENTIALS],
	["TokenProviderError", NO_CREDENTIALS],
	["ThrottlingException", BUSY],
	["Throttling", BUSY],
	["RequestLimitExceeded", BUSY],
	["TooManyRequestsException", BUSY],
	["LimitExceededException", BUSY],
	["KeyUnavailableException", DOWN],
	["DependencyTimeoutException", DOWN],
	["KMSInternalException", DOWN],
	["TimeoutError", UNREACHABLE],
]);

const RETRYABLE: ReadonlySet<Meaning> = new Set([BUSY, DOWN, UNREACHABLE]);

/** Says what an error of the AWS SDK means, by its structure and without its words. */
export function explainAwsFailure(error: unknown, needs: AwsKmsNeeds): KmsFailure {
	const { name, message, $metadata }: Record<string, unknown> = Object(error);
	const { httpStatusCode }: Record<string, unknown> = Object($metadata);
	const network = networkCode(error);
	const meaning =
		MEANINGS.get(String(name)) ??
		meaningOfStatus(Number(httpStatusCode)) ??
		(network === undefined ? undefined : UNREACHABLE) ??
		(/^Region is missing/.test(String(message)) ? NO_REGION : UNKNOWN);
	const [problem, hint] = meaning(needs);
	return { problem, hint, code: network ?? name, retryable: RETRYABLE.has(meaning) };
}

/** For what comes from something else than AWS KMS: a proxy, an emulator. */
function meaningOfStatus(status: number): Meaning | undefined {
	if (status === 401 || status === 403) return DENIED;
	if (status === 429) return BUSY;
	return status >= 500 ? DOWN : undefined;
}
