import type { KmsProvider } from "./encryption.js";

/** A key id that is known to belong to its provider, taken apart into what a request needs. */
export type KmsKeyId = AwsKeyId | GcpKeyId | AzureKeyId;

/** A key of AWS KMS. */
export interface AwsKeyId {
	readonly provider: "aws";
	/** An ARN of a key or an alias, a key id, or `alias/…`, exactly as it was given. */
	readonly keyId: string;
	/** Present exactly when `keyId` is an ARN. */
	readonly region?: string;
}

/** A key of Google Cloud KMS. */
export interface GcpKeyId {
	readonly provider: "gcp";
	/** `projects/P/locations/L/keyRings/R/cryptoKeys/K`, without a version: decryption finds its own. */
	readonly name: string;
	readonly location: string;
}

/** A key of Azure Key Vault or of an Azure managed HSM. */
export interface AzureKeyId {
	readonly provider: "azure";
	/** The origin of the vault, such as `https://NAME.vault.azure.net`, in lower case. */
	readonly vaultUrl: string;
	readonly keyName: string;
	readonly keyVersion?: string;
	/** The vault's URL followed by `/keys/NAME` and, when there is one, `/VERSION`. */
	readonly url: string;
}

const AWS_KEY = "(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})";
const AWS_ALIAS = "alias/[A-Za-z0-9/_-]{1,250}";
/** The region becomes part of a host name, so nothing but a region's own form may pass. */
const AWS_REGION = "[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}";
const AWS_BARE = new RegExp(`^(?:${AWS_KEY}|${AWS_ALIAS})$`);
const AWS_ARN = new RegExp(
	`^arn:aws(?:-cn|-us-gov)?:kms:(${AWS_REGION}):[0-9]{12}:(?:key/${AWS_KEY}|${AWS_ALIAS})$`,
);

/** A project may belong to a domain: `example.com:project`. */
const GCP_NAME =
	/^(projects\/(?:[a-z0-9.-]{1,100}:)?[a-z0-9-]{1,63}\/locations\/([a-z0-9-]{1,63})\/keyRings\/[A-Za-z0-9_-]{1,63}\/cryptoKeys\/[A-Za-z0-9_-]{1,63})(?:\/cryptoKeyVersions\/[0-9]{1,10})?$/;

/** The token that goes with a request is worth stealing, so only Microsoft's own hosts may pass. */
const AZURE_URL =
	/^(https:\/\/[a-z0-9-]{1,63}\.(?:vault|managedhsm)\.(?:azure\.net|azure\.cn|usgovcloudapi\.net))\/keys\/([a-z0-9-]{1,127})(?:\/([a-z0-9]{1,64}))?$/i;

const PARSERS: Readonly<Record<KmsProvider, (keyId: string) => KmsKeyId | undefined>> = {
	aws: parseAws,
	gcp: parseGcp,
	azure: parseAzure,
};

/** Takes a key id apart, or returns `undefined` when it is malformed or is not one of this provider's. */
export function parseKmsKeyId<P extends KmsProvider>(
	provider: P,
	keyId: string,
): Extract<KmsKeyId, { provider: P }> | undefined;
export function parseKmsKeyId(provider: KmsProvider, keyId: string): KmsKeyId | undefined {
	return PARSERS[provider](keyId);
}

function parseAws(keyId: string): AwsKeyId | undefined {
	if (AWS_BARE.test(keyId)) return { provider: "aws", keyId };
	const region = AWS_ARN.exec(keyId)?.[1];
	return region === undefined ? undefined : { provider: "aws", keyId, region };
}

function parseGcp(keyId: string): GcpKeyId | undefined {
	const [, name, location] = GCP_NAME.exec(keyId) ?? [];
	return name === undefined || location === undefined ? undefined : { provider: "gcp", name, location };
}

function parseAzure(keyId: string): AzureKeyId | undefined {
	const [, origin, keyName, keyVersion] = AZURE_URL.exec(keyId) ?? [];
	if (origin === undefined || keyName === undefined) return undefined;
	const vaultUrl = origin.toLowerCase();
	const key = { provider: "azure", vaultUrl, keyName } as const;
	const url = `${vaultUrl}/keys/${keyName}`;
	return keyVersion === undefined ? { ...key, url } : { ...key, keyVersion, url: `${url}/${keyVersion}` };
}
