// What each error code means to the person who meets it; docs/errors.md is made from this by docs.js.

/** @typedef {{ meaning: string, served: string, action: string }} ErrorCodeEntry */

const KEPT = "Last good secrets, until the TTL or `expiresAt`";
const NOTHING = "Nothing (503)";
const NO_AGENT = "Not concerned: no agent runs";
const READING = "Not concerned: this is the client's";
const WRITING = "Not concerned: this is the writing side";

/** What each code means, by code, in the order of the page. @type {Readonly<Record<string, ErrorCodeEntry>>} */
export const ERROR_CODES = {
	CONFIG_INVALID: {
		meaning: "Environment variables or options cannot work together; every problem is listed.",
		served: "Nothing: the agent does not start",
		action: "Correct each line it prints; see [configuration](configuration.md).",
	},
	SOURCE_UNREACHABLE: {
		meaning: "The file could not be read, or no connection to the server came about.",
		served: KEPT,
		action: "Check path, host name, network and certificate; the agent retries by itself.",
	},
	SOURCE_TIMEOUT: {
		meaning: "The server took too long to connect, to answer or to finish.",
		served: KEPT,
		action: "Check the server and what lies between; the agent retries by itself.",
	},
	SOURCE_UNAUTHORIZED: {
		meaning: "The place refused the credential, or the file may not be read.",
		served: KEPT,
		action:
			"Renew the credential that the message names (`CLEF_AGENT_SOURCE_TOKEN`, `CLEF_AGENT_VCS_TOKEN`, AWS) or the presigned URL, or correct the file's mode.",
	},
	SOURCE_NOT_FOUND: {
		meaning: "There is no artifact at the place named.",
		served: KEPT,
		action:
			"Check the variable that the message names; deploy the artifact. See [sources](sources/README.md).",
	},
	SOURCE_RATE_LIMITED: {
		meaning: "The server asked to be left alone for a while.",
		served: KEPT,
		action:
			"Nothing at once: the agent waits as long as it was told, an hour at most. Raise the limit or the TTL.",
	},
	SOURCE_TOO_LARGE: {
		meaning: "The body is larger than the cap, counted after decompression.",
		served: KEPT,
		action: "Check that the place holds an artifact; if so raise `CLEF_AGENT_MAX_ARTIFACT_BYTES`.",
	},
	SOURCE_REDIRECT_REFUSED: {
		meaning: "The server redirects to a place that the agent does not follow to.",
		served: KEPT,
		action: "Set `CLEF_AGENT_SOURCE` or `CLEF_AGENT_VCS_API_URL` to the final address.",
	},
	SOURCE_BAD_RESPONSE: {
		meaning: "What came back is not an artifact's answer: an odd status, a web page, a body cut short.",
		served: KEPT,
		action: "Open the URL with the same credential and see what it serves.",
	},
	ARTIFACT_MALFORMED: {
		meaning:
			"The body is not an artifact in the form of [the format](artifact-format.md); every wrong field is named.",
		served: KEPT,
		action: "Pack it again, and deploy it whole.",
	},
	ARTIFACT_VERSION_UNSUPPORTED: {
		meaning: "The artifact's `version` is not 1.",
		served: KEPT,
		action: "Update the agent, or pack with a matching version.",
	},
	ARTIFACT_DIGEST_MISMATCH: {
		meaning: "The ciphertext does not have the digest that the artifact states: damaged or tampered with.",
		served: KEPT,
		action: "Deploy it again; if that does not help, find out who changed it.",
	},
	ARTIFACT_SIGNATURE_MISSING: {
		meaning: "A verify key is set and the artifact is not signed.",
		served: KEPT,
		action: "Pack with `--sign-key`.",
	},
	ARTIFACT_SIGNATURE_INVALID: {
		meaning: "No verify key made this signature over this content.",
		served: KEPT,
		action: "Check that `CLEF_AGENT_VERIFY_KEY` belongs to the signing key; otherwise it was tampered with.",
	},
	ARTIFACT_KEY_UNSUPPORTED: {
		meaning: "A verify key is not an Ed25519 or ECDSA P-256 public key.",
		served: "Nothing: the agent does not start; one that runs goes on with the keys it has",
		action: "Use the public key that `clef-agent keygen --signing` prints.",
	},
	ARTIFACT_SUBJECT_MISMATCH: {
		meaning: "The artifact was packed for another identity or environment.",
		served: KEPT,
		action: "Deploy the right artifact, or correct `CLEF_AGENT_IDENTITY` and `CLEF_AGENT_ENVIRONMENT`.",
	},
	ARTIFACT_ROLLED_BACK: {
		meaning: "The artifact is older than one already taken from the same signer.",
		served: KEPT,
		action: "Pack anew instead of restoring an old artifact.",
	},
	ARTIFACT_EQUIVOCATED: {
		meaning: "Two different signed artifacts claim the same revision.",
		served: KEPT,
		action: "Pack anew, and find out who holds the signing key.",
	},
	ARTIFACT_FROM_FUTURE: {
		meaning: "`packedAt` is more than five minutes ahead of this machine's clock.",
		served: KEPT,
		action: "Set the clocks of the packing and of this machine.",
	},
	ARTIFACT_EXPIRED: {
		meaning: "The artifact's `expiresAt` has passed.",
		served: "Nothing (503); when only the new artifact has expired, the last good secrets until theirs",
		action: "Pack and deploy a new one.",
	},
	ARTIFACT_REVOKED: {
		meaning: "The artifact was revoked, or is not newer than the revocation.",
		served: NOTHING,
		action: "Replace the secrets, then pack and deploy a new artifact.",
	},
	DECRYPT_NO_IDENTITY: {
		meaning: "The age key is missing, is not an age identity, or opens nothing of this artifact.",
		served: KEPT,
		action:
			"Set `CLEF_AGENT_AGE_KEY` to the content of the key file whose recipient the artifact was packed for.",
	},
	DECRYPT_UNWRAP_FAILED: {
		meaning:
			"The KMS did not unwrap the artifact's data key, could not be asked, or its SDK is not installed.",
		served: `${KEPT}; with a TTL of 0 nothing (503) while the KMS refuses what is held`,
		action:
			"Do what the message names: a permission, the key's state, the region; see [AWS](kms/aws.md), [Google](kms/gcp.md), [Azure](kms/azure.md).",
	},
	DECRYPT_AUTHENTICATION_FAILED: {
		meaning: "The ciphertext is damaged or was tampered with.",
		served: KEPT,
		action: "Pack and deploy it again.",
	},
	DECRYPT_PAYLOAD_MALFORMED: {
		meaning:
			"The decrypted text is not secrets in [the form required](artifact-format.md); the name at fault is given.",
		served: KEPT,
		action: "Correct that name and pack again.",
	},
	AGENT_NOT_READY: {
		meaning:
			"No artifact has been taken since the start; of the client: nothing is served, and `reason` says why.",
		served: NOTHING,
		action: "See `lastError` in `/v1/health` for the reason.",
	},
	AGENT_NOT_FRESH: {
		meaning: "No refresh succeeded within `CLEF_AGENT_CACHE_TTL`.",
		served: NOTHING,
		action: "See `lastError` in `/v1/health`; it recovers by itself once the source does.",
	},
	CACHE_UNWRITABLE: {
		meaning: "The last-known-good artifact cannot be kept in `CLEF_AGENT_CACHE_PATH`.",
		served: "What it would serve without a disk; a restart would find nothing, or something older",
		action:
			"Correct what the message names: owner, mode, space or the directory itself; no restart is needed.",
	},
	CACHE_UNREADABLE: {
		meaning: "What lies in `CLEF_AGENT_CACHE_PATH` is not what this agent, or one like it, has kept there.",
		served: "What the source delivers; until then nothing (503)",
		action: "Look who else can write there; the next refresh replaces it.",
	},
	LAMBDA_API_UNREACHABLE: {
		meaning: "Lambda's Extensions API cannot be reached, or broke off four times in a row.",
		served: "Nothing: the extension ends with status 1",
		action: "Only Lambda can start an extension; elsewhere unset `AWS_LAMBDA_RUNTIME_API`.",
	},
	LAMBDA_API_REFUSED: {
		meaning: "Lambda's Extensions API said no; the message has its own word for why.",
		served: "Nothing: the extension ends with status 1",
		action: "Give the file in `/opt/extensions` the name it registers; see [Lambda](lambda.md).",
	},
	LAMBDA_INIT_FAILED: {
		meaning: "No secrets could be loaded during Init, and `CLEF_AGENT_LAMBDA_INIT` is `strict`.",
		served: "Nothing: the function does not start",
		action: "The message ends with the reason; look that up here.",
	},
	COMMAND_USAGE: {
		meaning: "The command was called in a way that it does not know.",
		served: NO_AGENT,
		action: "`clef-agent <command> --help` lists what it takes.",
	},
	COMMAND_INPUT: {
		meaning: "A file that the command should read cannot be read.",
		served: NO_AGENT,
		action: "Correct what the message names.",
	},
	COMMAND_OUTPUT: {
		meaning: "A file that the command should write cannot be written.",
		served: NO_AGENT,
		action: "Correct what the message names; what was there before is as it was.",
	},
	COMMAND_ENVIRONMENT: {
		meaning: "Secrets cannot become the environment of the command after `exec`; each is named.",
		served: "Nothing: the command does not start; one that runs goes on with what it has",
		action: "Give the secret another variable with `--map`, or choose with `--only`; see [exec](exec.md).",
	},
	COMMAND_NOT_STARTED: {
		meaning: "The command after `exec` was not found (exit 127) or cannot be run (exit 126).",
		served: "Nothing: the agent ends as well",
		action: "Correct what the message names.",
	},
	COMMAND_TIMEOUT: {
		meaning: "`exec` found no secrets within its `--timeout` (exit 69).",
		served: "Nothing: the command does not start",
		action: "The message ends with the reason; look that up here.",
	},
	PACK_INPUT_INVALID: {
		meaning: "What is to be packed, revoked or inspected cannot be.",
		served: WRITING,
		action: "Correct what the message names.",
	},
	PACK_KEY_INVALID: {
		meaning: "A recipient, KMS key or signing key is none.",
		served: WRITING,
		action:
			"Make keys with `clef-agent keygen` and `clef-agent keygen --signing`; see [KMS keys](kms/aws.md) for how those are written.",
	},
	PACK_KMS_FAILED: {
		meaning: "The KMS refused to seal or to sign, or could not be asked.",
		served: WRITING,
		action: "Grant the permission or correct what the message names; nothing was written.",
	},
	AGENT_UNREACHABLE: {
		meaning:
			"No connection to the agent came about, it did not answer in time, or its token file is not there yet.",
		served: READING,
		action:
			"Start the agent; check `CLEF_URL`, `CLEF_AGENT_PORT` and `CLEF_AGENT_TOKEN_FILE`. The client retries.",
	},
	AGENT_REFUSED: {
		meaning: "The agent does not take this request, or is too old for it; `agentCode` says which.",
		served: READING,
		action: "See [refusals](http-api.md#refusals-in-this-order); leave out proxies between the two.",
	},
	UNAUTHORIZED: {
		meaning: "The agent has another token than the client.",
		served: READING,
		action: "Give both the same `CLEF_AGENT_TOKEN` or `CLEF_AGENT_TOKEN_FILE`.",
	},
	SECRET_NOT_FOUND: {
		meaning: "No secret has this name.",
		served: READING,
		action: "Compare with what `keys()` lists.",
	},
	SECRET_AMBIGUOUS: {
		meaning: "Several namespaces have this key, or two names are one when flattened.",
		served: READING,
		action: "Give the `namespace`.",
	},
	RATE_LIMITED: {
		meaning: "The agent was asked too often.",
		served: READING,
		action: "Wait for `retryAfterMs`.",
	},
	BAD_RESPONSE: {
		meaning: "What answered is no clef-agent, or redirects, or sends more than is read.",
		served: READING,
		action: "Check what listens at the address.",
	},
	ABORTED: {
		meaning: "The caller's signal gave the call up.",
		served: READING,
		action: "Nothing: this was asked for.",
	},
};
