import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** A request as far as its signature covers it. */
export interface SignedRequest {
	readonly method: string;

	/** Path and query, as on the request line. */
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** What an `Authorization` header of signature version 4 says. */
export interface SigV4Claim {
	readonly accessKeyId: string;

	/** `yyyymmdd` */
	readonly date: string;
	readonly region: string;
	readonly service: string;
	readonly signedHeaders: readonly string[];
	readonly signature: string;
}

/** An AWS key pair that a server knows. */
export interface AwsKeyPair {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;

	/** Then every request has to carry it. */
	readonly sessionToken?: string;
}

/** The key pair that AWS's documentation signs its examples with. */
export const AWS_EXAMPLE_KEY_PAIR: AwsKeyPair = {
	accessKeyId: "AKIAIOSFODNN7EXAMPLE",
	secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

/** As far as AWS lets clocks be apart. */
const FIFTEEN_MINUTES_MS = 900_000;
const AUTHORIZATION =
	/^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Reads the header; undefined when it is none of signature version 4. */
export function sigV4Claim({ headers }: Pick<SignedRequest, "headers">): SigV4Claim | undefined {
	const match = AUTHORIZATION.exec(headers.authorization ?? "");
	if (match === null) return undefined;
	const [, accessKeyId = "", date = "", region = "", service = "", names = "", signature = ""] = match;
	return { accessKeyId, date, region, service, signedHeaders: names.split(";"), signature };
}

/**
 * Whether a request carries the signature that this secret makes.
 *
 * By the algorithm of the S3 API reference, "Signature Calculations for the Authorization Header: Transferring
 * Payload in a Single Chunk": the canonical path is encoded once, and the body's hash stands in a header.
 */
export function hasValidSignature(request: SignedRequest, claim: SigV4Claim, secret: string): boolean {
	const bodyHash = request.headers["x-amz-content-sha256"];
	if (bodyHash !== sha256(request.body) && bodyHash !== "UNSIGNED-PAYLOAD") return false;
	if (!claim.signedHeaders.includes("host")) return false;
	const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
	const toSign = [
		"AWS4-HMAC-SHA256",
		request.headers["x-amz-date"],
		scope,
		sha256(canonicalRequest(request, claim, bodyHash)),
	].join("\n");
	const dateKey = hmac(`AWS4${secret}`, claim.date);
	const key = hmac(hmac(hmac(dateKey, claim.region), claim.service), "aws4_request");
	return timingSafeEqual(hmac(key, toSign), Buffer.from(claim.signature, "hex"));
}

/** When a request says it was signed, epoch milliseconds; NaN when it does not say. */
export function signedAtMs({ headers }: Pick<SignedRequest, "headers">): number {
	const basic = String(headers["x-amz-date"] ?? "");
	return Date.parse(basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** Whether a request says that it was signed about now, as AWS takes it; `now` is in epoch milliseconds. */
export function isSignedNow(request: Pick<SignedRequest, "headers">, now: number): boolean {
	return Math.abs(signedAtMs(request) - now) <= FIFTEEN_MINUTES_MS;
}

function canonicalRequest(
	{ method, url, headers }: SignedRequest,
	{ signedHeaders }: SigV4Claim,
	bodyHash: string,
): string {
	const [path = "", query = ""] = url.split(/\?(.*)/s);
	const lines = signedHeaders.map((name) => `${name}:${String(headers[name] ?? "").trim()}\n`);
	return [
		method,
		path.split("/").map(canonical).join("/"),
		query.split("&").filter(Boolean).map(canonicalPair).sort().join("&"),
		lines.join(""),
		signedHeaders.join(";"),
		bodyHash,
	].join("\n");
}

function canonicalPair(pair: string): string {
	const [name = "", value = ""] = pair.split(/=(.*)/s);
	return `${canonical(name)}=${canonical(value)}`;
}

/** Percent-encodes all but the unreserved characters, whatever of them came encoded. */
function canonical(text: string): string {
	return encodeURIComponent(decodeURIComponent(text)).replace(
		/[!'()*]/g,
		(character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
	);
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
	return createHmac("sha256", key).update(text).digest();
}
