import { bitbucketAddress } from "./bitbucket-address.js";
import { BitbucketDataCenterSource } from "./bitbucket-datacenter-source.js";
import { BitbucketSource, type BitbucketSourceOptions } from "./bitbucket-source.js";
import type { Source, SourceEnvironment } from "./source.js";

/** Makes the source of the product that speaks at `apiUrl`; throws `SourceError` for options that cannot work. */
export function createBitbucketSource(
	options: BitbucketSourceOptions & { readonly maxBytes: number },
	environment: SourceEnvironment,
): Source {
	const address = bitbucketAddress(options.apiUrl);
	const Product = address.product === "cloud" ? BitbucketSource : BitbucketDataCenterSource;
	return new Product(options, address, environment);
}
