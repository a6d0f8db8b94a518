/** What the host name of an S3 address says. */
export interface S3EndpointHost {
	/** A bucket, or the ARN of an access point; absent where the path names the bucket. */
	readonly bucket?: string;
	readonly region?: string;
	readonly dualstack?: true;
	readonly fips?: true;
}

/** The DNS suffix of each public partition, and the partition's name in ARNs. */
const PARTITIONS: ReadonlyMap<string, string> = new Map([
	["amazonaws.com", "aws"],
	["amazonaws.com.cn", "aws-cn"],
	["amazonaws.eu", "aws-eusc"],
]);

const SUFFIX = /^(.+?)\.(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu)$/;
const REGION = "[a-z]{2,4}(?:-[a-z]+)+-\\d{1,2}";

/** `s3`, `s3.region`, the older `s3-region`, and both with FIPS and dual stack; a bucket may come first. */
const BUCKET = new RegExp(
	`^(?:(?<bucket>.+)\\.)?s3(?:(?<fips>-fips)?(?<dualstack>\\.dualstack)?[.-](?<region>${REGION})|-external-1)?$`,
);
const ACCESS_POINT = new RegExp(
	`^(?<name>[a-z0-9-]+)-(?<account>\\d{12})\\.s3-accesspoint(?<fips>-fips)?(?<dualstack>\\.dualstack)?\\.(?<region>${REGION})$`,
);

/** Services beside S3 proper, whose addresses mean something else or need another way of signing. */
const UNSUPPORTED = /(?:^|\.)s3(?:-accelerate|-object-lambda|-outposts|-control|-global|express)/;

/**
 * Reads a lower-case host name: undefined when it is none of S3's, `unsupported` when it belongs to a kind of
 * S3 endpoint that an object cannot be read from here.
 */
export function parseS3Host(host: string): S3EndpointHost | "unsupported" | undefined {
	const [, name = "", suffix = ""] = SUFFIX.exec(host) ?? [];
	const bucket = BUCKET.exec(name)?.groups;
	if (bucket) return { ...(bucket.bucket && { bucket: bucket.bucket }), ...variant(bucket) };
	const point = ACCESS_POINT.exec(name)?.groups;
	if (point) return { bucket: accessPointArn(point, PARTITIONS.get(suffix) ?? "aws"), ...variant(point) };
	return UNSUPPORTED.test(name) ? "unsupported" : undefined;
}

function variant({ region, dualstack, fips }: Readonly<Record<string, string | undefined>>): S3EndpointHost {
	return { ...(region && { region }), ...(dualstack && { dualstack: true }), ...(fips && { fips: true }) };
}

function accessPointArn(
	{ name, account, region = "" }: Readonly<Record<string, string | undefined>>,
	partition: string,
): string {
	const within = region.startsWith("us-gov-") ? "aws-us-gov" : partition;
	return `arn:${within}:s3:${region}:${account}:accesspoint/${name}`;
}
