import { parseS3Host } from "./s3-endpoint-host.js";

/** Where an object lies in S3. */
export interface S3Location {
	/** A bucket's name, or the ARN of an access point. */
	readonly bucket: string;

	/** Not percent-encoded. */
	readonly key: string;

	/** One version of the object instead of the latest. */
	readonly versionId?: string;

	/** Asked of the environment where absent. */
	readonly region?: string;
	readonly dualstack?: boolean;
	readonly fips?: boolean;
}

/** A location, or one sentence (which quotes nothing) why there is none. */
export type S3LocationResult = S3Location | { readonly reason: string };

const ARN = "arn:aws[a-z-]*:s3:([a-z0-9-]+):\\d{12}:accesspoint[:/][a-z0-9][a-z0-9-]*";
const ARN_ONLY = new RegExp(`^${ARN}$`);
const ARN_AND_KEY = new RegExp(`^(${ARN})(?:/(.*))?$`, "s");
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$/;
const MOST_KEY_BYTES = 1024;

/** A request that its own query already signs, by signature version 4 or 2. */
const PRESIGNED =
	/[?&](?:x-amz-(?:signature|credential|algorithm|security-token)|awsaccesskeyid|signature)=/i;

/** Reads `s3://bucket/key` or `s3://<access point ARN>/key`, percent-encoded once, with an optional `?versionId=`. */
export function parseS3Uri(text: string): S3LocationResult {
	if (text.includes("#")) return { reason: hintFor("#") };
	const [, rest = "", query] = /^s3:\/\/([^?]*)(?:\?(.*))?$/is.exec(text) ?? [];
	if (/^arn:/i.test(rest)) return fromArn(rest, query);
	const [, bucket = "", path = ""] = /^([^/]*)\/?(.*)$/s.exec(rest) ?? [];
	return located({ bucket }, path, query);
}

/**
 * Reads an S3 address that starts with `https://`.
 *
 * Undefined when it is not S3's, or when it is presigned: then it is an ordinary URL, to be used as it is.
 */
export function parseS3Url(text: string): S3LocationResult | undefined {
	const [, authority = "", path = "", query] =
		/^https:\/\/([^/?#]*)\/?([^?#]*)(?:\?([^#]*))?/i.exec(text) ?? [];
	// What the URL parser reads differently (userinfo, another port, odd spellings) is left to it.
	if (!URL.canParse(text) || new URL(text).host !== authority.toLowerCase().replace(/:443$/, "")) return;
	const host = parseS3Host(new URL(text).host);
	if (host === undefined || PRESIGNED.test(text)) return;
	if (host === "unsupported") {
		return {
			reason: "The source is a kind of S3 endpoint that cannot be read from; use s3://bucket/key instead.",
		};
	}
	if (text.includes("#")) return { reason: hintFor("#") };
	if (host.bucket !== undefined) return located({ ...host, bucket: host.bucket }, path, query);
	const [, bucket = "", key = ""] = /^([^/]*)\/?(.*)$/s.exec(path) ?? [];
	return located({ ...host, bucket: decoded(bucket) ?? "" }, key, query);
}

/** Says in one sentence why no object can have this place; undefined when one can. */
export function s3LocationProblem({ bucket, key, region }: S3Location): string | undefined {
	if (!BUCKET.test(bucket) && !ARN_ONLY.test(bucket)) return "The S3 source does not name a valid bucket.";
	if (region !== undefined && !/^[a-z0-9-]{2,40}$/.test(region))
		return "The S3 source does not name a valid region.";
	if (key === "") return "The S3 source names a bucket but no key; add the key of the artifact.";
	if (Buffer.byteLength(key) > MOST_KEY_BYTES) return "The S3 source's key is longer than 1024 bytes.";
	if (key.includes("\0") || /\p{Cs}/u.test(key))
		return "The S3 source's key holds a character that no key can have.";
	// No URL can carry them: they would name the key without them.
	if (key.split("/").some((segment) => segment === "." || segment === ".."))
		return "The S3 source's key has a part that is only dots, which no URL can carry; use another key.";
	return undefined;
}

function fromArn(text: string, query: string | undefined): S3LocationResult {
	const [, arn, region = "", path = ""] = ARN_AND_KEY.exec(text) ?? [];
	if (arn !== undefined) return located({ bucket: arn, region }, path, query);
	return { reason: "The ARN in the S3 source is not that of an access point in a region." };
}

type Place = Omit<S3Location, "key" | "versionId">;

function located(place: Place, path: string, query: string | undefined): S3LocationResult {
	const key = decoded(path);
	if (key === undefined) return { reason: "The S3 source's key has a bad % sequence; write % as %25." };
	const version = versionOf(query);
	if (version === undefined) return { reason: hintFor("?") };
	const location = { ...place, key, ...version };
	const reason = s3LocationProblem(location);
	return reason === undefined ? location : { reason };
}

/** The one parameter that is understood; undefined when there is another. */
function versionOf(query = ""): Pick<S3Location, "versionId"> | undefined {
	const entries = query.split("&").filter((entry) => entry !== "" && entry !== "x-id=GetObject");
	if (entries.length === 0) return {};
	const [, encoded] = /^versionId=(.+)$/.exec(entries[0] ?? "") ?? [];
	const versionId = encoded === undefined ? undefined : decoded(encoded);
	return entries.length === 1 && versionId !== undefined ? { versionId } : undefined;
}

function hintFor(character: "?" | "#"): string {
	const only = character === "?" ? " (only ?versionId=… may follow the key)" : "";
	return `The S3 source has a ${character}${only}; inside a key write it as ${encodeURIComponent(character)}.`;
}

function decoded(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}
