import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KmsProvider } from "../src/index.js";
import { parseKmsKeyId } from "../src/index.js";

const UUID = "1234abcd-12ab-34cd-56ef-1234567890ab";
const MRK = "mrk-1234abcd12ab34cd56ef1234567890ab";
const GCP = "projects/acme-prod/locations/europe-west1/keyRings/clef/cryptoKeys/packing_1";
const VAULT = "https://acme.vault.azure.net";
const VERSION = "78deebed173b48e48f55abf87ed4cf71";

describe("a key id of AWS", () => {
	it.each([UUID, MRK, "alias/clef", "alias/team/clef_1-a", "alias/aws/s3"])(
		"takes %j without a region",
		(keyId) => {
			expect(parseKmsKeyId("aws", keyId)).toStrictEqual({ provider: "aws", keyId });
		},
	);

	it.each([
		[`arn:aws:kms:eu-central-1:111122223333:key/${UUID}`, "eu-central-1"],
		[`arn:aws:kms:us-east-1:111122223333:key/${MRK}`, "us-east-1"],
		["arn:aws:kms:ap-southeast-2:111122223333:alias/clef", "ap-southeast-2"],
		[`arn:aws-cn:kms:cn-north-1:111122223333:key/${UUID}`, "cn-north-1"],
		[`arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${UUID}`, "us-gov-west-1"],
	])("takes %j with its region", (keyId, region) => {
		expect(parseKmsKeyId("aws", keyId)).toStrictEqual({ provider: "aws", keyId, region });
	});

	it.each([
		"",
		"clef",
		"alias/",
		"alias/a b",
		` ${UUID}`,
		`${UUID}\n`,
		UUID.toUpperCase(),
		UUID.slice(1),
		"mrk-1234",
		`alias/${"a".repeat(251)}`,
		`https://kms.evil.example/${UUID}`,
		"arn:aws:s3:::bucket/key",
		`arn:evil:kms:eu-central-1:111122223333:key/${UUID}`,
		`arn:aws:kms::111122223333:key/${UUID}`,
		`arn:aws:kms:eu-central-1:111122223333:${UUID}`,
		`arn:aws:kms:eu-central-1:1:key/${UUID}`,
		`arn:aws:kms:evil.example/#:111122223333:key/${UUID}`,
		`arn:aws:kms:eu-central-1@evil.example-1:111122223333:key/${UUID}`,
		`arn:aws:kms:eu-central-1:111122223333:key/${UUID}/x`,
		GCP,
		`${VAULT}/keys/clef`,
	])("A15 refuses %j", (keyId) => {
		expect(parseKmsKeyId("aws", keyId)).toBeUndefined();
	});
});

describe("a key id of Google Cloud", () => {
	it("takes the resource name of a key", () => {
		expect(parseKmsKeyId("gcp", GCP)).toStrictEqual({ provider: "gcp", name: GCP, location: "europe-west1" });
	});

	it("takes the version away, which decryption must not name", () => {
		expect(parseKmsKeyId("gcp", `${GCP}/cryptoKeyVersions/12`)?.name).toBe(GCP);
	});

	it("takes a project that belongs to a domain, and the location global", () => {
		const name = "projects/example.com:acme/locations/global/keyRings/r/cryptoKeys/k";
		expect(parseKmsKeyId("gcp", name)).toStrictEqual({ provider: "gcp", name, location: "global" });
	});

	it.each([
		"",
		`/${GCP}`,
		`${GCP}/`,
		`gcp-kms://${GCP}`,
		`https://cloudkms.googleapis.com/v1/${GCP}`,
		`//cloudkms.googleapis.com/${GCP}`,
		`${GCP}/cryptoKeyVersions/`,
		`${GCP}/cryptoKeyVersions/latest`,
		`${GCP}:decrypt`,
		`${GCP}?alt=media`,
		`${GCP}\n`,
		GCP.replace("acme-prod", ".."),
		GCP.replace("acme-prod", "evil@example.com"),
		GCP.replace("clef", "a/../b"),
		GCP.replace("clef", "%2e%2e"),
		GCP.replace("europe-west1", "EUROPE"),
		GCP.replace("/cryptoKeys/packing_1", ""),
		UUID,
	])("A15 refuses %j", (keyId) => {
		expect(parseKmsKeyId("gcp", keyId)).toBeUndefined();
	});
});

describe("a key id of Azure", () => {
	it("takes the URL of a key", () => {
		const url = `${VAULT}/keys/clef-1`;
		expect(parseKmsKeyId("azure", url)).toStrictEqual({
			provider: "azure",
			vaultUrl: VAULT,
			keyName: "clef-1",
			url,
		});
	});

	it("takes the URL of one version, with the host in lower case", () => {
		expect(parseKmsKeyId("azure", `HTTPS://ACME.vault.azure.net/keys/Clef/${VERSION}`)).toStrictEqual({
			provider: "azure",
			vaultUrl: VAULT,
			keyName: "Clef",
			keyVersion: VERSION,
			url: `${VAULT}/keys/Clef/${VERSION}`,
		});
	});

	it.each([
		"acme.vault.azure.net",
		"acme.vault.azure.cn",
		"acme.vault.usgovcloudapi.net",
		"acme.managedhsm.azure.net",
		"acme.managedhsm.azure.cn",
		"acme.managedhsm.usgovcloudapi.net",
	])("takes the host %s", (host) => {
		expect(parseKmsKeyId("azure", `https://${host}/keys/clef`)?.vaultUrl).toBe(`https://${host}`);
	});

	it.each([
		"",
		"clef",
		VAULT,
		`${VAULT}/`,
		`${VAULT}/keys/`,
		`${VAULT}/keys/clef/`,
		`${VAULT}/keys/clef/${VERSION}/decrypt`,
		`${VAULT}/secrets/clef`,
		`${VAULT}/keys/../secrets`,
		`${VAULT}/keys/a%2fb`,
		`${VAULT}/keys/clef?api-version=7.4`,
		`${VAULT}/keys/clef#x`,
		`${VAULT}/keys/clef\n`,
		`${VAULT}:443/keys/clef`,
		`${VAULT}:8443/keys/clef`,
		"http://acme.vault.azure.net/keys/clef",
		"https://user:word@acme.vault.azure.net/keys/clef",
		"https://acme.vault.azure.net@evil.example/keys/clef",
		"https://acme.vault.azure.net.evil.example/keys/clef",
		"https://evil.example/acme.vault.azure.net/keys/clef",
		"https://evil.example\\.vault.azure.net/keys/clef",
		"https://evil.example/.vault.azure.net/keys/clef",
		"https://a.b.vault.azure.net/keys/clef",
		"https://acmevault.azure.net/keys/clef",
		"https://.vault.azure.net/keys/clef",
		"https://vault.azure.net/keys/clef",
		"https://169.254.169.254/keys/clef",
	])("A15 refuses %j", (keyId) => {
		expect(parseKmsKeyId("azure", keyId)).toBeUndefined();
	});
});

describe("any text", () => {
	const providers: readonly KmsProvider[] = ["aws", "gcp", "azure"];

	/** Fragments that together make up real ids, so that near misses are common. */
	const text = fc
		.array(
			fc.oneof(
				fc.constantFrom(
					"https://",
					"acme",
					".",
					"vault.azure.net",
					"/keys/",
					"/",
					"@",
					":",
					"?",
					"#",
					"arn:aws:kms:",
				),
				fc.constantFrom(
					"eu-central-1",
					":111122223333:",
					"key/",
					UUID,
					"alias/",
					GCP,
					"\\",
					"%2f",
					"\n",
					"..",
				),
				fc.string({ maxLength: 5, unit: "binary" }),
			),
			{ maxLength: 8 },
		)
		.map((parts) => parts.join(""));

	it("belongs to one provider at most", () => {
		fc.assert(
			fc.property(text, (keyId) => {
				expect(providers.filter((provider) => parseKmsKeyId(provider, keyId)).length).toBeLessThanOrEqual(1);
			}),
		);
	});

	it("A15 that passes as Azure's is a URL of a Microsoft host as every URL parser reads it", () => {
		fc.assert(
			fc.property(text, (keyId) => {
				const key = parseKmsKeyId("azure", keyId);
				if (key === undefined) return;
				const url = new URL(keyId);
				expect(url.origin).toBe(key.vaultUrl);
				expect(url.href).toBe(key.url);
				expect(url.hostname).toMatch(
					/^[a-z0-9-]+\.(vault|managedhsm)\.(azure\.(net|cn)|usgovcloudapi\.net)$/,
				);
			}),
		);
	});

	it("A15 that passes as Google's stays the path that it is when it is put into a URL", () => {
		fc.assert(
			fc.property(text, (keyId) => {
				const key = parseKmsKeyId("gcp", keyId);
				if (key === undefined) return;
				expect(new URL(`https://kms.example/v1/${key.name}:decrypt`).pathname).toBe(
					`/v1/${key.name}:decrypt`,
				);
			}),
		);
	});

	it("A15 that passes as AWS's names a region that stays one part of a host name", () => {
		fc.assert(
			fc.property(text, (middle) => {
				const key = parseKmsKeyId("aws", `arn:aws:kms:${middle}:111122223333:alias/clef`);
				if (key?.region === undefined) return;
				expect(new URL(`https://kms.${key.region}.example`).host).toBe(`kms.${key.region}.example`);
			}),
		);
	});
});
