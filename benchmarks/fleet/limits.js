// What the simulated places allow and cost: facts with where they were read, and assumptions that are said to be so.

/** When the public pages named here were last looked up. */
export const LOOKED_UP = "2026-11-26";

/** GitHub's REST API, for one token. */
export const GITHUB = {
	/** "Primary rate limit for authenticated users". */
	requestsPerHour: 5_000,
	/** "About secondary rate limits": points a minute for one endpoint; a GET is one. */
	pointsPerMinute: 900,
	/** "About secondary rate limits". */
	concurrent: 100,
	/** "Exceeding the rate limit": at least a minute where the answer does not say how long. */
	secondaryWaitMs: 60_000,
	limitsUrl: "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api",
	/** That an authorised 304 does not count against the primary limit. */
	conditionalUrl:
		"https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate",
};

/** Amazon S3, one prefix of one bucket. */
export const S3 = {
	/** GET and HEAD, for each partitioned prefix: at least so many. */
	requestsPerSecond: 5_500,
	limitsUrl: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
	/**
	 * US dollars for 1,000 GET requests, S3 Standard. Confirmed only at second hand, by two pages that agree; the second
	 * was last changed on 2020-02-18.
	 */
	dollarsPer1000Gets: 0.0004,
	priceUrls: [
		"https://dev.to/sh20raj/aws-s3-pricing-for-beginners-3fc2",
		"https://dev.to/markfreedman/aws-pricing-and-billing-part-2-770",
	],
	/** The vendor's own page, whose figures depend on the region and could not be read without a browser. */
	vendorPriceUrl: "https://aws.amazon.com/s3/pricing/",
};

/** One small HTTP server; assumptions, to be replaced by what yours was measured to do. */
export const HTTP = {
	requestsPerSecond: 500,
	/** How many requests wait before more are refused: the backlog Node listens with unless told otherwise. */
	queue: 511,
	queueUrl: "https://nodejs.org/docs/latest-v20.x/api/net.html#serverlisten",
};

/** Milliseconds that an answer takes, without waiting in a queue: an assumption. */
export const LATENCY_MS = 100;

/** Bytes of an answer with its head, for an artifact of 2,221 bytes: measured by `npm run bench:polls`. */
export const BYTES = {
	github: { unmodified: 423, modified: 2_718 },
	s3: { unmodified: 178, modified: 2_591 },
	http: { unmodified: 187, modified: 2_452 },
};

/** Hours in a month: 365 days by twelve. */
export const HOURS_PER_MONTH = 730;
