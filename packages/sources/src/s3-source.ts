import { DEFAULT_HTTP_TIMEOUTS, type HttpTimeouts } from "./bounded-fetch.js";
import { conditionalHeaders } from "./conditional.js";
import { Deadlines } from "./deadlines.js";
import { type S3Access, S3Connection, type S3Object } from "./s3-connection.js";
import { credentialsError, isClockRefusal, s3Error, s3Failure } from "./s3-error.js";
import { type S3Location, s3LocationProblem } from "./s3-location.js";
import { S3RequestHandler } from "./s3-request-handler.js";
import type { Source, SourceEnvironment, SourceResult, Validator } from "./source.js";
import { SourceError } from "./source-error.js";

/** An object in S3, who asks for it, and limits. */
export interface S3SourceOptions extends S3Location {
	readonly kind: "s3";

	/** A key pair or a function that gives one; the SDK's own chain when absent. */
	readonly credentials?: NonNullable<S3Access["credentials"]>;

	/** Cap on the inflated body; 16 MiB when absent. */
	readonly maxBytes?: number;
	readonly timeouts?: Partial<HttpTimeouts>;
}

/**
 * Reads an artifact from S3, or from a service that speaks its protocol.
 *
 * Endpoint, region and credentials come from the environment and the AWS configuration files as the SDK reads
 * them; where there are no credentials the object is asked for without.
 */
export class S3Source implements Source {
	readonly type = "s3";
	readonly description: string;
	readonly #options: S3SourceOptions;
	readonly #totalMs: number;
	readonly #environment: SourceEnvironment;
	readonly #handler: S3RequestHandler;
	#connection: S3Connection | undefined;

	/** Where the bucket is, once another region than the expected one has been named. */
	#region: string | undefined;

	/** Throws `SOURCE_NOT_FOUND` for a bucket or key that cannot exist; loads nothing yet. */
	constructor(options: S3SourceOptions & { readonly maxBytes: number }, environment: SourceEnvironment) {
		const problem = s3LocationProblem(options);
		if (problem !== undefined) throw new SourceError("SOURCE_NOT_FOUND", problem);
		const timeouts = { ...DEFAULT_HTTP_TIMEOUTS, ...options.timeouts };
		this.description = describe(options);
		this.#options = options;
		this.#totalMs = timeouts.totalMs;
		this.#region = options.region;
		this.#environment = environment;
		const limits = { description: this.description, maxBytes: options.maxBytes, timeouts };
		this.#handler = new S3RequestHandler(limits, environment);
	}

	async read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		signal.throwIfAborted();
		const late = `${this.description} and the credentials for it were not had within ${this.#totalMs} ms.`;
		const deadlines = new Deadlines(signal, this.#environment.timers, this.#totalMs, late);
		try {
			return await deadlines.race(this.#read(validator, deadlines.signal));
		} catch (error) {
			if (deadlines.signal.aborted) throw deadlines.signal.reason;
			throw error;
		} finally {
			deadlines.close();
		}
	}

	async #read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		const etag = conditionalHeaders(validator && { etag: validator.etag ?? "" })["if-none-match"];
		try {
			const { bytes, etag: next } = await this.#get(etag, signal);
			return { kind: "modified", bytes, ...(next && { validator: { etag: next } }) };
		} catch (error) {
			if (etag !== undefined && s3Failure(error).status === 304) return { kind: "unmodified" };
			const { description } = this;
			const anonymous = this.#connection?.anonymous ?? false;
			const failure = s3Error(error, { description, anonymous }, this.#environment.now());
			// The next read looks for credentials anew; after a dispute about the time, the SDK signs with S3's.
			if (failure.code === "SOURCE_UNAUTHORIZED" && !isClockRefusal(error)) this.#connection = undefined;
			throw failure;
		}
	}

	/** Asks once more where S3 names the region that it should have been asked in. */
	async #get(etag: string | undefined, signal: AbortSignal): Promise<S3Object> {
		const { bucket, key, versionId } = this.#options;
		const input = {
			Bucket: bucket,
			Key: key,
			...(versionId !== undefined && { VersionId: versionId }),
			...(etag !== undefined && { IfNoneMatch: etag }),
		};
		const connection = await this.#connect();
		try {
			return await connection.get(input, signal);
		} catch (error) {
			const region = regionNamed(error);
			if (region === undefined || region === connection.region) throw error;
			this.#region = region;
			this.#connection = undefined;
			return await (await this.#connect()).get(input, signal);
		}
	}

	async #connect(): Promise<S3Connection> {
		const access: S3Access = { ...this.#options, region: this.#region };
		const connection = this.#connection ?? (await S3Connection.open(access, this.#handler));
		this.#connection =
			connection.anonymous || (await this.#hasCredentials(connection)) ? connection : connection.unsigned();
		return this.#connection;
	}

	async #hasCredentials(connection: S3Connection): Promise<boolean> {
		try {
			return await connection.hasCredentials();
		} catch (error) {
			throw credentialsError(error, this.description);
		}
	}
}

function regionNamed(error: unknown): string | undefined {
	const { status, headers } = s3Failure(error);
	const region = headers.get("x-amz-bucket-region") ?? "";
	return status === 400 && /^[a-z0-9-]{2,40}$/.test(region) ? region : undefined;
}

/** Control characters, which a key may have, would break a log line. */
function describe({ bucket, key, versionId }: S3Location): string {
	const text = `s3://${bucket}/${key}${versionId === undefined ? "" : ` at version ${versionId}`}`;
	return text.replace(/\p{Cc}/gu, encodeURIComponent);
}
