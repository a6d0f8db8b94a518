import type { GetObjectCommandInput, S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { s3Failure } from "./s3-error.js";
import type { S3RequestHandler } from "./s3-request-handler.js";

/** An AWS key pair, temporary where it has a session token. */
export interface S3Credentials {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	readonly sessionToken?: string;

	/** From shortly before this on, a provider is asked again. */
	readonly expiration?: Date;
}

/** How a bucket is reached. */
export interface S3Access {
	readonly bucket: string;
	readonly region?: string | undefined;
	readonly dualstack?: boolean | undefined;
	readonly fips?: boolean | undefined;
	readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined;
}

/** An object's bytes with its entity tag. */
export interface S3Object {
	readonly bytes: Uint8Array;
	readonly etag: string | undefined;
}

const NODE_WARNING_OFF = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

type Sdk = typeof import("@aws-sdk/client-s3");

/** The SDK's client for one bucket in one region, with credentials or without. */
export class S3Connection {
	readonly region: string;

	/** Whether requests are unsigned, because no credentials were found. */
	readonly anonymous: boolean;
	readonly #sdk: Sdk;
	readonly #config: S3ClientConfig;
	readonly #client: S3Client;

	private constructor(sdk: Sdk, config: S3ClientConfig, region: string, anonymous: boolean) {
		this.region = region;
		this.anonymous = anonymous;
		this.#sdk = sdk;
		this.#config = config;
		this.#client = clientFor(sdk, config);
	}

	/** Loads the SDK and looks for region and endpoint; rejects with what the SDK throws. */
	static async open(access: S3Access, requestHandler: S3RequestHandler): Promise<S3Connection> {
		const sdk = await import("@aws-sdk/client-s3");
		const config = configFor(access, requestHandler);
		const configured = clientFor(sdk, config).config;
		const region = access.region ?? (await configured.region().catch(defaultRegion));
		// Below an endpoint of one's own, bucket names are rarely host names.
		const ownEndpoint = (await configured.serviceConfiguredEndpoint?.()) !== undefined;
		const forcePathStyle = ownEndpoint && !access.bucket.startsWith("arn:");
		return new S3Connection(sdk, { ...config, region, forcePathStyle }, region, false);
	}

	/** The same bucket, asked without signing. */
	unsigned(): S3Connection {
		return new S3Connection(this.#sdk, { ...this.#config, ...UNSIGNED }, this.region, true);
	}

	/**
	 * Finds the credentials that the next request is signed with, anew when they are about to expire.
	 *
	 * False when there are none at all; rejects with what the SDK throws when there should be some.
	 */
	async hasCredentials(): Promise<boolean> {
		try {
			await this.#client.config.credentials();
			return true;
		} catch (error) {
			if (s3Failure(error).code === "CredentialsProviderError") return false;
			throw error;
		}
	}

	/** Gets an object; rejects with what the SDK throws. */
	async get(input: GetObjectCommandInput, abortSignal: AbortSignal): Promise<S3Object> {
		const output = await this.#client.send(new this.#sdk.GetObjectCommand(input), { abortSignal });
		const bytes = await output.Body?.transformToByteArray();
		return { bytes: bytes ?? new Uint8Array(), etag: output.ETag };
	}
}

/** Where nothing names a region, any will do: a bucket elsewhere says so. */
function defaultRegion(error: unknown): string {
	// The SDK rejects in the same way when there is none and when the one given is no region.
	if (process.env.AWS_REGION) throw error;
	return "us-east-1";
}

/** A key pair that is never used and a signer that never signs. */
const UNSIGNED: S3ClientConfig = {
	credentials: { accessKeyId: "anonymous", secretAccessKey: "anonymous" },
	signer: { sign: async (request) => request },
};

function configFor(access: S3Access, requestHandler: S3RequestHandler): S3ClientConfig {
	const { region, dualstack, fips, credentials } = access;
	const config = {
		requestHandler,
		maxAttempts: 1,
		logger: SILENT,
		// Credential files are read again when a connection is opened again: they may have been renewed.
		ignoreCache: true,
		...(region !== undefined && { region }),
		...(dualstack !== undefined && { useDualstackEndpoint: dualstack }),
		...(fips !== undefined && { useFipsEndpoint: fips }),
		...(credentials !== undefined && { credentials }),
	};
	return config;
}

/** The SDK warns on the console where it is given no logger. */
const SILENT = {
	trace: ignore,
	debug: ignore,
	info: ignore,
	warn: ignore,
	error: ignore,
};

function ignore(): void {
	// What matters is thrown, and said in our own words.
}

/** Makes a client without the warning that the SDK will not support this Node for ever; it looks only now. */
function clientFor(sdk: Sdk, config: S3ClientConfig): S3Client {
	const before = process.env[NODE_WARNING_OFF];
	process.env[NODE_WARNING_OFF] = "true";
	try {
		return new sdk.S3Client(config);
	} finally {
		if (before === undefined) delete process.env[NODE_WARNING_OFF];
		else process.env[NODE_WARNING_OFF] = before;
	}
}
