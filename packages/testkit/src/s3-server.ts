import { createHash } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { answersUnmodified } from "./conditional-request.js";
import { type Behaviour, type RecordedRequest, startServer } from "./servers.js";
import {
	AWS_EXAMPLE_KEY_PAIR,
	type AwsKeyPair,
	hasValidSignature,
	isSignedNow,
	type SigV4Claim,
	sigV4Claim,
} from "./sigv4.js";

/** What is asked for besides the defaults. */
export interface S3ServerOptions {
	readonly credentials?: AwsKeyPair;

	/** Where all buckets are; requests signed for another region are refused. */
	readonly region?: string;

	/** Wall clock, epoch milliseconds. */
	readonly now?: () => number;
}

/** How one object is kept. */
export interface PutOptions {
	/** Readable without a signature. */
	readonly public?: boolean;

	/** In an archive, not readable before it is restored. */
	readonly archived?: boolean;
	readonly headers?: OutgoingHttpHeaders;
}

/** How a request was answered. */
export interface Answer {
	readonly status: number;

	/** Bytes of the body, headers not counted. */
	readonly bodyBytes: number;
}

interface Version extends PutOptions {
	readonly id: string;

	/** Absent in a delete marker. */
	readonly bytes?: Uint8Array;
}

/**
 * S3's GetObject on 127.0.0.1, addressed path style, by its API reference: signature version 4 verified, entity
 * tags with conditional requests, checksums on request, versions and delete markers, errors as XML.
 */
export class S3Server {
	readonly url: string;
	readonly requests: readonly RecordedRequest[];
	readonly answers: Answer[] = [];

	/** The only key pair it knows; a test may change it. */
	credentials: AwsKeyPair;
	region: string;

	/** How a request signed for another region is refused: by a redirect, or for its signature. */
	wrongRegion: "PermanentRedirect" | "AuthorizationHeaderMalformed" = "PermanentRedirect";

	/** Whether who may read may also list, and so learn that a key does not exist. */
	mayList = true;
	readonly close: () => Promise<void>;
	readonly #buckets = new Map<string, Map<string, Version[]>>();
	readonly #respondWith: Awaited<ReturnType<typeof startServer>>["respondWith"];
	readonly #now: () => number;

	private constructor(server: Awaited<ReturnType<typeof startServer>>, options: S3ServerOptions) {
		this.url = server.url;
		this.requests = server.requests;
		this.close = server.close;
		this.credentials = options.credentials ?? AWS_EXAMPLE_KEY_PAIR;
		this.region = options.region ?? "us-east-1";
		this.#respondWith = server.respondWith;
		this.#now = options.now ?? Date.now;
		this.behaveWell();
	}

	static async start(options: S3ServerOptions = {}): Promise<S3Server> {
		return new S3Server(await startServer(), options);
	}

	/** Environment variables with which the AWS SDK finds this server and may read from it. */
	environment(): Record<string, string> {
		const { accessKeyId, secretAccessKey, sessionToken } = this.credentials;
		return {
			AWS_ENDPOINT_URL_S3: this.url,
			AWS_REGION: this.region,
			AWS_ACCESS_KEY_ID: accessKeyId,
			AWS_SECRET_ACCESS_KEY: secretAccessKey,
			...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
			AWS_EC2_METADATA_DISABLED: "true",
		};
	}

	/** Keeps a new version of an object, creating the bucket; returns the version's id. */
	put(bucket: string, key: string, bytes: Uint8Array | string, options: PutOptions = {}): string {
		return this.#add(bucket, key, { ...options, bytes: Buffer.from(bytes) });
	}

	/** Puts a delete marker on top of an object's versions; returns its id. */
	delete(bucket: string, key: string): string {
		return this.#add(bucket, key, {});
	}

	/** Answers the coming requests with these instead, one each; the last stays. */
	respondWith(...behaviours: readonly [Behaviour, ...Behaviour[]]): void {
		this.#respondWith(...behaviours);
	}

	/** Ends what `respondWith` began. */
	behaveWell(): void {
		this.#respondWith((request, response) => this.#answer(request, response));
	}

	#add(bucket: string, key: string, version: Omit<Version, "id">): string {
		const objects = this.#buckets.get(bucket) ?? new Map<string, Version[]>();
		const versions = objects.get(key) ?? [];
		const id = createHash("md5").update(`${bucket}/${key}#${versions.length}`).digest("base64url");
		versions.push({ ...version, id });
		this.#buckets.set(bucket, objects.set(key, versions));
		return id;
	}

	#answer(request: IncomingMessage, response: ServerResponse): void {
		const { pathname, searchParams } = new URL(request.url ?? "", this.url);
		const [, bucket = "", path = ""] = /^\/([^/]*)\/?(.*)$/s.exec(pathname) ?? [];
		const objects = this.#buckets.get(bucket);
		const versions = objects?.get(decodeURIComponent(path)) ?? [];
		const id = searchParams.get("versionId");
		const version = id === null ? versions.at(-1) : versions.find((each) => each.id === id);
		const refusal = version?.public ? undefined : this.#refusal(request);
		if (refusal !== undefined) this.#refuse(response, ...refusal);
		else if (objects === undefined) this.#refuse(response, 404, "NoSuchBucket");
		else if (version === undefined && !this.mayList) this.#refuse(response, 403, "AccessDenied");
		else if (version === undefined) this.#refuse(response, 404, id === null ? "NoSuchKey" : "NoSuchVersion");
		else if (version.archived) this.#refuse(response, 403, "InvalidObjectState");
		else if (version.bytes === undefined) this.#deleted(response, version.id, id !== null);
		else this.#object(request, response, version.bytes, version);
	}

	#deleted(response: ServerResponse, id: string, asked: boolean): void {
		const marker = { "x-amz-delete-marker": "true", "x-amz-version-id": id };
		if (asked) this.#refuse(response, 405, "MethodNotAllowed", marker);
		else this.#refuse(response, 404, "NoSuchKey", marker);
	}

	#object(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array, version: Version): void {
		const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
		if (answersUnmodified(request, etag, undefined)) {
			this.#send(response, 304, { etag });
			return;
		}
		const checksum = request.headers["x-amz-checksum-mode"] === "ENABLED" && {
			"x-amz-checksum-sha256": createHash("sha256").update(bytes).digest("base64"),
			"x-amz-checksum-type": "FULL_OBJECT",
		};
		const own = { etag, "content-type": "binary/octet-stream", "x-amz-version-id": version.id };
		this.#send(response, 200, { ...own, ...checksum, ...version.headers }, bytes);
	}

	/** Why a request may not be served, in the order S3 finds it. */
	#refusal(request: IncomingMessage): readonly [number, string, OutgoingHttpHeaders?] | undefined {
		const { accessKeyId, secretAccessKey, sessionToken } = this.credentials;
		const claim = sigV4Claim(request);
		if (claim === undefined) return [403, "AccessDenied"];
		if (claim.accessKeyId !== accessKeyId) return [403, "InvalidAccessKeyId"];
		if (request.headers["x-amz-security-token"] !== sessionToken) return [400, "ExpiredToken"];
		if (!isSignedNow(request, this.#now())) return [403, "RequestTimeTooSkewed"];
		if (claim.region !== this.region) return this.#elsewhere();
		return this.#isSigned(request, claim, secretAccessKey) ? undefined : [403, "SignatureDoesNotMatch"];
	}

	#elsewhere(): readonly [number, string, OutgoingHttpHeaders] {
		const status = this.wrongRegion === "PermanentRedirect" ? 301 : 400;
		return [status, this.wrongRegion, { "x-amz-bucket-region": this.region }];
	}

	#isSigned({ method = "", url = "", headers }: IncomingMessage, claim: SigV4Claim, secret: string): boolean {
		return hasValidSignature({ method, url, headers, body: "" }, claim, secret);
	}

	#refuse(response: ServerResponse, status: number, code: string, headers: OutgoingHttpHeaders = {}): void {
		this.#send(response, status, { "content-type": "application/xml", ...headers }, errorXml(code));
	}

	#send(response: ServerResponse, status: number, headers: OutgoingHttpHeaders, body?: Uint8Array): void {
		this.answers.push({ status, bodyBytes: body?.length ?? 0 });
		const length = body === undefined ? {} : { "content-length": body.length };
		const date = new Date(this.#now()).toUTCString();
		response.writeHead(status, { date, "x-amz-request-id": "TX0", ...headers, ...length }).end(body);
	}
}

/** Behaves as S3 does when it answers with one of its errors, whatever is asked. */
export function s3Refusal(status: number, code: string, headers: OutgoingHttpHeaders = {}): Behaviour {
	return (_request, response) => {
		response.writeHead(status, { "content-type": "application/xml", ...headers }).end(errorXml(code));
	};
}

/** Answers as STS does when it gives temporary keys for a web identity; they last an hour. */
export function webIdentityAnswer({
	accessKeyId,
	secretAccessKey,
	sessionToken = "",
}: AwsKeyPair): Behaviour {
	const expiration = new Date(Date.now() + 3_600_000).toISOString();
	const keys = `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>`;
	const rest = `<SessionToken>${sessionToken}</SessionToken><Expiration>${expiration}</Expiration>`;
	const action = "AssumeRoleWithWebIdentity";
	const result = `<${action}Result><Credentials>${keys}${rest}</Credentials></${action}Result>`;
	const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</${action}Response>`;
	return (_request, response) => {
		response.writeHead(200, { "content-type": "text/xml" }).end(body);
	};
}

function errorXml(code: string): Buffer {
	const error = `<Code>${code}</Code><Message>${code}, as tests say it.</Message><RequestId>TX0</RequestId>`;
	return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${error}</Error>`);
}
