import type { KmsFailure } from "./kms-call.js";
import { networkCode } from "./network-failure.js";

type Meaning = readonly [problem: string, hint: string];

const CREDENTIALS =
	"run az login, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give the machine a managed identity";
const NO_CREDENTIALS: Meaning = ["no Azure credentials were found or obtained", CREDENTIALS];
const UNREACHABLE: Meaning = [
	"no connection came about",
	"check the vault's name, the network and HTTPS_PROXY",
];
const DOWN: Meaning = ["the service failed on its side", "try again in a while"];
const BUSY: Meaning = ["too many requests are made", "try again in a while"];
const UNKNOWN: Meaning = [
	"the request failed",
	"check that the key is enabled, within its dates, and permits wrapKey",
];

/** By the name the SDK gives an error that is about credentials. */
const CREDENTIAL_ERRORS: ReadonlySet<unknown> = new Set([
	"CredentialUnavailableError",
	"AuthenticationError",
	"AuthenticationRequiredError",
	"AggregateAuthenticationError",
	"ChainedTokenCredentialAuthenticationError",
]);

/** By HTTP status. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
	[
		400,
		["the key cannot wrap with RSA-OAEP-256", "give an enabled RSA key that permits the operation wrapKey"],
	],
	[401, ["the credentials are not accepted", CREDENTIALS]],
	[
		403,
		[
			"access is denied, or the key is disabled or out of its dates",
			"grant keys/wrapKey (the role Key Vault Crypto Service Encryption User), and check the key and the vault's firewall",
		],
	],
	[404, ["there is no such key", "check vault, name and version"]],
	[409, ["the key was deleted", "recover it with az keyvault key recover, or give another"]],
	[429, BUSY],
]);

const RETRYABLE: ReadonlySet<Meaning> = new Set([UNREACHABLE, DOWN, BUSY]);

/** Says what an error of the Azure SDKs means, by its structure and without its words. */
export function explainAzureFailure(error: unknown): KmsFailure {
	const { name, statusCode, code }: Record<string, unknown> = Object(error);
	const network = networkCode(error) ?? (code === "REQUEST_SEND_ERROR" ? code : undefined);
	const meaning = CREDENTIAL_ERRORS.has(name)
		? NO_CREDENTIALS
		: (meaningOfStatus(Number(statusCode)) ?? (network === undefined ? UNKNOWN : UNREACHABLE));
	const [problem, hint] = meaning;
	return { problem, hint, code: network ?? answeredCode(error) ?? code, retryable: RETRYABLE.has(meaning) };
}

function meaningOfStatus(status: number): Meaning | undefined {
	return MEANINGS.get(status) ?? (status >= 500 ? DOWN : undefined);
}

/** `KeyDisabled`, `ForbiddenByRbac` and the like, or else the wider code around it. */
function answeredCode(error: unknown): unknown {
	const { details }: Record<string, unknown> = Object(error);
	const { error: answer }: Record<string, unknown> = Object(details);
	const { innerError, code }: Record<string, unknown> = Object(answer);
	const { code: inner }: Record<string, unknown> = Object(innerError);
	return inner ?? code;
}
