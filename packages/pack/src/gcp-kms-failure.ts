import type { KmsFailure } from "./kms-call.js";
import { networkCode } from "./network-failure.js";

type Meaning = readonly [problem: string, hint: string];

const CREDENTIALS =
	"set GOOGLE_APPLICATION_CREDENTIALS, run gcloud auth application-default login, or use a machine with a service account";
const NO_CREDENTIALS: Meaning = ["no Google credentials were found or obtained", CREDENTIALS];
const UNREACHABLE: Meaning = ["no connection came about", "check the network and HTTPS_PROXY"];
const DOWN: Meaning = ["the service failed on its side", "try again in a while"];
const BUSY: Meaning = ["the quota is used up", "try again in a while"];

/** By HTTP status of an answer of the API. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
	[
		400,
		["the key cannot encrypt", "check that its purpose is ENCRYPT_DECRYPT and that its version is enabled"],
	],
	[401, ["the credentials are not accepted", CREDENTIALS]],
	[
		403,
		[
			"access is denied",
			"grant roles/cloudkms.cryptoKeyEncrypter on the key, and enable cloudkms.googleapis.com in its project",
		],
	],
	[404, ["there is no such key", "check project, location, key ring and key"]],
]);

const RETRYABLE: ReadonlySet<Meaning> = new Set([UNREACHABLE, DOWN, BUSY]);

/** Says what an error of google-auth-library means, by its structure and without its words. */
export function explainGcpFailure(error: unknown): KmsFailure {
	const { response }: Record<string, unknown> = Object(error);
	const { status, data }: Record<string, unknown> = Object(response);
	const { error: answer }: Record<string, unknown> = Object(data);
	const { status: canonical }: Record<string, unknown> = Object(answer);
	const network = networkCode(error);
	// The service that hands out tokens answers with the same statuses, but says why in a word.
	const known = typeof answer === "object" ? MEANINGS.get(Number(status)) : undefined;
	const meaning =
		known ?? meaningOfStatus(Number(status)) ?? (network === undefined ? NO_CREDENTIALS : UNREACHABLE);
	const [problem, hint] = meaning;
	return { problem, hint, code: network ?? canonical, retryable: RETRYABLE.has(meaning) };
}

function meaningOfStatus(status: number): Meaning | undefined {
	if (status === 429) return BUSY;
	return status >= 500 ? DOWN : undefined;
}
