import type { KmsProvider } from "@clef-sh/artifact";
import { AwsKeyWrapper } from "./aws-key-wrapper.js";
import type { AwsKmsOptions } from "./aws-kms.js";
import { type AzureKeyVaultOptions, AzureKeyWrapper } from "./azure-key-wrapper.js";
import { GcpKeyWrapper, type GcpKmsOptions } from "./gcp-key-wrapper.js";
import type { KeyWrapper } from "./key-wrapper.js";
import { PackError } from "./pack-error.js";

/** How each KMS is reached, where not in the usual way. */
export interface KeyWrapperOptions {
	readonly aws?: AwsKmsOptions;
	readonly gcp?: GcpKmsOptions;
	readonly azure?: AzureKeyVaultOptions;
}

const WRAPPERS: Readonly<Record<KmsProvider, (keyId: string, options: KeyWrapperOptions) => KeyWrapper>> = {
	aws: (keyId, { aws }) => new AwsKeyWrapper(keyId, aws),
	gcp: (keyId, { gcp }) => new GcpKeyWrapper(keyId, gcp),
	azure: (keyId, { azure }) => new AzureKeyWrapper(keyId, azure),
};

/** How a key looks where its provider is not named. */
const FORMS: readonly (readonly [RegExp, KmsProvider])[] = [
	[/^(?:arn:|alias\/|mrk-)/, "aws"],
	[/^projects\//, "gcp"],
	[/^https:\/\//i, "azure"],
];

/**
 * Makes the wrapper for a key written as `aws:KEY`, `gcp:NAME` or `azure:URL`; where the form tells the provider,
 * as it does of an ARN, a resource name and a URL, the prefix may be left out.
 *
 * Throws `PACK_KEY_INVALID`. No SDK is loaded before the first key is wrapped.
 */
export function createKeyWrapper(key: string, options: KeyWrapperOptions = {}): KeyWrapper {
	const [, prefix, named = ""] = /^(aws|gcp|azure):(.*)$/s.exec(key) ?? [];
	const provider = (prefix as KmsProvider | undefined) ?? FORMS.find(([form]) => form.test(key))?.[1];
	if (provider !== undefined) return WRAPPERS[provider](prefix === undefined ? key : named, options);
	throw new PackError(
		"PACK_KEY_INVALID",
		"The KMS key does not tell its provider; write aws:KEY, gcp:projects/… or azure:https://….",
	);
}
