import { type HttpPlace, statusError } from "./http-status.js";
import { retryAfterMs } from "./retry-after.js";
import { SourceError, type SourceErrorCode } from "./source-error.js";

/** The object that was asked for, for messages. */
export interface S3Place {
	readonly description: string;

	/** Whether it was asked for without a signature, because there are no credentials. */
	readonly anonymous: boolean;
}

/** What is known of a failure of the SDK, without any of its words. */
export interface S3Failure {
	readonly status: number | undefined;
	readonly code: string | undefined;
	readonly headers: Headers;
}

type Meaning = readonly [code: SourceErrorCode, sentence: string];

const CLOCK: Meaning = [
	"SOURCE_UNAUTHORIZED",
	"refused the signature's time; set this machine's clock right, it is more than 15 minutes off",
];
const STALE: Meaning = [
	"SOURCE_UNAUTHORIZED",
	"refused the AWS credentials as expired or revoked; renew AWS_SESSION_TOKEN and the keys that belong to it, or use a role",
];
const WRONG_KEY: Meaning = [
	"SOURCE_UNAUTHORIZED",
	"does not accept the signature; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile or role they come from",
];
const ELSEWHERE: Meaning = [
	"SOURCE_BAD_RESPONSE",
	"belongs to another region than the request was signed for; set AWS_REGION",
];
const SLOWER: Meaning = ["SOURCE_RATE_LIMITED", "is asked for too often"];

/** S3's error codes (API reference, "Error responses") where the status alone says too little. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
	[
		"NoSuchBucket",
		["SOURCE_NOT_FOUND", "is in a bucket that does not exist; check its name and the endpoint"],
	],
	["NoSuchKey", ["SOURCE_NOT_FOUND", "is not in its bucket; check the key"]],
	["NoSuchVersion", ["SOURCE_NOT_FOUND", "has no such version; check versionId"]],
	["NoSuchAccessPoint", ["SOURCE_NOT_FOUND", "has no such access point; check its name and region"]],
	["InvalidBucketName", ["SOURCE_NOT_FOUND", "is in a bucket whose name is not valid; check it"]],
	["InvalidAccessKeyId", WRONG_KEY],
	["SignatureDoesNotMatch", WRONG_KEY],
	["AuthorizationHeaderMalformed", ELSEWHERE],
	["IllegalLocationConstraintException", ELSEWHERE],
	["ExpiredToken", STALE],
	["InvalidToken", STALE],
	["TokenRefreshRequired", STALE],
	["RequestTimeTooSkewed", CLOCK],
	["RequestExpired", CLOCK],
	[
		"InvalidObjectState",
		["SOURCE_BAD_RESPONSE", "is archived (Glacier); restore it, or keep it in another storage class"],
	],
	["RequestTimeout", ["SOURCE_UNREACHABLE", "did not get the request in time"]],
	["SlowDown", SLOWER],
	["RequestLimitExceeded", SLOWER],
	["ThrottlingException", SLOWER],
]);

/** Reads the facts of whatever the SDK threw, by its structure. */
export function s3Failure(error: unknown): S3Failure {
	const { name, $metadata, $response } = fieldsOf(error);
	const { httpStatusCode } = fieldsOf($metadata);
	const { headers } = fieldsOf($response);
	return {
		status: typeof httpStatusCode === "number" ? httpStatusCode : undefined,
		code: typeof name === "string" ? name : undefined,
		headers: new Headers(fieldsOf(headers) as Record<string, string>),
	};
}

/** Whether S3 refused a request because of when it was signed. */
export function isClockRefusal(error: unknown): boolean {
	return MEANINGS.get(s3Failure(error).code ?? "") === CLOCK;
}

/** Turns what reading an object through the SDK threw into a `SourceError` that keeps none of it. */
export function s3Error(error: unknown, place: S3Place, nowMs: number): SourceError {
	if (error instanceof SourceError) return copied(error);
	const { status, code, headers } = s3Failure(error);
	if (status === undefined) return unusable(place);
	const meaning = MEANINGS.get(code ?? "");
	if (meaning !== undefined && !(place.anonymous && meaning === WRONG_KEY)) {
		const [kind, sentence] = meaning;
		const wait = { retryAfterMs: retryAfterMs(headers, nowMs) };
		return new SourceError(kind, `${place.description} ${sentence} (${code}).`, wait);
	}
	if (code?.startsWith("KMS.")) return kmsError(place);
	if (headers.get("x-amz-delete-marker") === "true") return deleted(place);
	if (status === 403) return denied(place);
	if (status === 404) return absent(place);
	const http: HttpPlace = { description: place.description, credential: "the AWS credentials" };
	return statusError({ status, headers }, http, nowMs);
}

/** Turns what the SDK threw while it looked for credentials into a `SourceError` that keeps none of it. */
export function credentialsError(error: unknown, description: string): SourceError {
	if (error instanceof SourceError) return copied(error);
	const { status = 400 } = s3Failure(error);
	if (status >= 500) {
		const message = `AWS failed (${status}) to hand out the credentials for ${description}.`;
		return new SourceError("SOURCE_UNREACHABLE", message);
	}
	const hint = "check AWS_PROFILE, AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and whom the role trusts";
	const message = `The AWS credentials for ${description} could not be obtained; ${hint}.`;
	return new SourceError("SOURCE_UNAUTHORIZED", message);
}

/** The SDK notes things on the errors that pass through it; those stay behind. */
function copied({ code, message, retryable, retryAfterMs: wait }: SourceError): SourceError {
	return new SourceError(code, message, { retryable, retryAfterMs: wait });
}

function denied({ description, anonymous }: S3Place): SourceError {
	const hint = anonymous
		? "no AWS credentials were found, so it was asked for without: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the process a role"
		: "the AWS credentials need s3:GetObject on this key (with versionId s3:GetObjectVersion, with a KMS key kms:Decrypt), and s3:ListBucket to be told when the key does not exist";
	return new SourceError("SOURCE_UNAUTHORIZED", `${description} answered 403; ${hint}.`);
}

function absent({ description }: S3Place): SourceError {
	const hint = "check bucket, key and AWS_ENDPOINT_URL_S3";
	return new SourceError("SOURCE_NOT_FOUND", `${description} answered 404; ${hint}.`);
}

function deleted({ description }: S3Place): SourceError {
	const message = `${description} was deleted: what is there is a delete marker; put the artifact there again.`;
	return new SourceError("SOURCE_NOT_FOUND", message);
}

function kmsError({ description }: S3Place): SourceError {
	const hint = "check that the key is enabled and allows kms:Decrypt";
	return new SourceError("SOURCE_UNAUTHORIZED", `${description} cannot be opened with its KMS key; ${hint}.`);
}

function unusable({ description }: S3Place): SourceError {
	const hint = "check bucket, AWS_REGION, AWS_ENDPOINT_URL_S3 and the AWS configuration files";
	return new SourceError("SOURCE_BAD_RESPONSE", `No request could be made for ${description}; ${hint}.`);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
