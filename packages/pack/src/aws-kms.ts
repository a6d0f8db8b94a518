import type { KMSClient, KMSClientConfig } from "@aws-sdk/client-kms";
import { type AwsKeyId, parseKmsKeyId } from "@clef-sh/artifact";
import { explainAwsFailure } from "./aws-kms-failure.js";
import { callKms, type KmsPatience } from "./kms-call.js";
import { PackError } from "./pack-error.js";

/** The part of the SDK's client that is used. */
export type AwsKmsClient = Pick<KMSClient, "send">;

/** How AWS KMS is reached. */
export interface AwsKmsOptions extends KmsPatience {
	/**
	 * A client of one's own. When left out, one is made that finds region (unless the key's ARN names it), endpoint
	 * and credentials as the SDK does: environment, configuration files, roles.
	 */
	readonly client?: AwsKmsClient;
}

/** What is asked of a key. */
export interface AwsKmsTask {
	/** Completes "could not …": `encrypt with`. */
	readonly task: string;
	/** The permission it takes, such as `kms:Encrypt`. */
	readonly permission: string;
	/** The kind of key it takes, for one who gave another. */
	readonly keyKind: string;
}

/** The SDK, and a client for one key's region. */
export interface AwsKmsSession {
	readonly sdk: typeof import("@aws-sdk/client-kms");
	readonly client: AwsKmsClient;
}

/** One key of AWS KMS; the SDK is loaded at the first request. */
export class AwsKms {
	readonly keyId: string;
	readonly #region: string | undefined;
	readonly #options: AwsKmsOptions;
	#session: AwsKmsSession | undefined;

	/** Takes an ARN of a key or an alias, a key id, or `alias/…`; throws `PACK_KEY_INVALID`. */
	constructor(keyId: string, options: AwsKmsOptions) {
		const key = awsKey(keyId);
		this.keyId = key.keyId;
		this.#region = key.region;
		this.#options = options;
	}

	/** Rejects with `PACK_KMS_FAILED`. */
	async ask<T>(
		{ task, ...needs }: AwsKmsTask,
		request: (session: AwsKmsSession, abortSignal: AbortSignal) => Promise<T>,
	): Promise<T> {
		const call = {
			service: "AWS KMS",
			task: `${task} ${this.keyId}`,
			patience: this.#options,
			explain: (error: unknown) => explainAwsFailure(error, needs),
		};
		return callKms(call, async (signal) => request(await this.#open(), signal));
	}

	async #open(): Promise<AwsKmsSession> {
		this.#session ??= await this.#connect();
		return this.#session;
	}

	async #connect(): Promise<AwsKmsSession> {
		const sdk = await import("@aws-sdk/client-kms");
		const config = {
			// Attempts are counted and timed here, so the SDK makes one at a time.
			maxAttempts: 1,
			requestHandler: { connectionTimeout: 5_000 },
			logger: SILENT,
			...(this.#region !== undefined && { region: this.#region }),
		};
		return { sdk, client: this.#options.client ?? clientFor(sdk, config) };
	}
}

function awsKey(keyId: string): AwsKeyId {
	const key = parseKmsKeyId("aws", keyId);
	if (key !== undefined) return key;
	const hint = "give the ARN of a key or an alias, a key id, or alias/NAME";
	throw new PackError("PACK_KEY_INVALID", `The AWS KMS key is not in the form that AWS gives keys; ${hint}.`);
}

/** The SDK warns on the console where it is given no logger. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
	// What matters is thrown, and said in our own words.
}

const NODE_WARNING_OFF = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/** Makes a client without the warning that the SDK will not support this Node for ever; it looks only now. */
function clientFor(sdk: AwsKmsSession["sdk"], config: KMSClientConfig): KMSClient {
	const before = process.env[NODE_WARNING_OFF];
	process.env[NODE_WARNING_OFF] = "true";
	try {
		return new sdk.KMSClient(config);
	} finally {
		if (before === undefined) delete process.env[NODE_WARNING_OFF];
		else process.env[NODE_WARNING_OFF] = before;
	}
}
