import { expect, it } from "vitest";
import { AwsKeyWrapper, AzureKeyWrapper, createKeyWrapper, GcpKeyWrapper } from "../src/index.js";
import { refusal } from "./refusal.js";

const ID = "1234abcd-12ab-34cd-56ef-1234567890ab";
const ARN = `arn:aws:kms:eu-central-1:111122223333:key/${ID}`;
const NAME = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k";
const URL = "https://team.vault.azure.net/keys/k";

it.each([
	[`aws:${ID}`, AwsKeyWrapper],
	["aws:alias/agents", AwsKeyWrapper],
	[`aws:${ARN}`, AwsKeyWrapper],
	[ARN, AwsKeyWrapper],
	["alias/agents", AwsKeyWrapper],
	[`mrk-${"0".repeat(32)}`, AwsKeyWrapper],
	[`gcp:${NAME}`, GcpKeyWrapper],
	[NAME, GcpKeyWrapper],
	[`${NAME}/cryptoKeyVersions/3`, GcpKeyWrapper],
	[`azure:${URL}`, AzureKeyWrapper],
	[URL, AzureKeyWrapper],
	[`${URL}/0123456789abcdef0123456789abcdef`, AzureKeyWrapper],
])("takes %s for what it is", (key, expected) => {
	expect(createKeyWrapper(key)).toBeInstanceOf(expected);
});

it.each([
	["", /does not tell its provider; write aws:KEY/],
	[ID, /does not tell its provider/],
	["age1abc", /does not tell its provider/],
	["vault:transit/k", /does not tell its provider/],
	["aws:", /AWS KMS key is not in the form/],
	[`aws:${NAME}`, /AWS KMS key is not in the form/],
	["arn:aws:s3:::bucket", /AWS KMS key is not in the form/],
	[`aws:${ARN}\n`, /AWS KMS key is not in the form/],
	["gcp:k", /Google Cloud KMS key is not a resource name; give projects\//],
	[`gcp:gcp-kms://${NAME}`, /not a resource name/],
	["https://evil.example/keys/k", /Azure Key Vault key is not the URL of a key/],
	["https://user@team.vault.azure.net/keys/k", /not the URL of a key/],
	["azure:http://team.vault.azure.net/keys/k", /not the URL of a key/],
])("A15 refuses %j without showing it", async (key, message) => {
	const error = await refusal(() => createKeyWrapper(key));
	expect(error).toMatchObject({ code: "PACK_KEY_INVALID", message: expect.stringMatching(message) });
	if (key.length > 8) expect(error.message).not.toContain(key);
});
