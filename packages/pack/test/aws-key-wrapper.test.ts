import { randomBytes } from "node:crypto";
import { KMSClient } from "@aws-sdk/client-kms";
import { decryptWith } from "@clef-sh/testkit/aws-kms-key";
import { type AwsKmsServer, kmsRefusal } from "@clef-sh/testkit/aws-kms-server";
import { behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { describe, expect, it, vi } from "vitest";
import { AwsKeyWrapper } from "../src/index.js";
import { awsKms, HURRIED, stubAws } from "./aws-stage.js";
import { refusal } from "./refusal.js";

const dataKey = new Uint8Array(randomBytes(32));

function wrapWith(keyId: string) {
	return new AwsKeyWrapper(keyId, HURRIED).wrap(dataKey);
}

describe("AwsKeyWrapper", () => {
	it("wraps what only this key unwraps", async () => {
		const kms = await awsKms();
		const key = kms.key();
		const { keyId, wrappedKey, algorithm } = await wrapWith(key.keyId);
		expect({ keyId, algorithm }).toEqual({ keyId: key.arn, algorithm: "SYMMETRIC_DEFAULT" });
		expect(decryptWith(key, wrappedKey, algorithm)).toEqual(Buffer.from(dataKey));
		expect(kms.operations).toEqual(["Encrypt"]);
	});

	it("packs an alias as the key it stands for", async () => {
		const kms = await awsKms();
		const { arn } = kms.key("SYMMETRIC_DEFAULT", "agents");
		expect((await wrapWith("alias/agents")).keyId).toBe(arn);
		expect((await wrapWith(arn.replace(/key\/.*$/, "alias/agents"))).keyId).toBe(arn);
	});

	it("takes the region from an ARN, whatever the environment says", async () => {
		const kms = await awsKms();
		const { arn } = kms.key();
		vi.stubEnv("AWS_REGION", "us-west-2");
		expect((await wrapWith(arn)).keyId).toBe(arn);
		const elsewhere = await refusal(() => wrapWith("alias/agents"));
		expect(elsewhere.message).toMatch(/credentials are not accepted \(InvalidSignatureException\)/);
	});

	it("uses the client it is handed", async () => {
		const kms = await awsKms();
		const { arn, keyId } = kms.key();
		const credentials = kms.credentials;
		stubAws({});
		const client = new KMSClient({ endpoint: kms.url, region: kms.region, credentials });
		expect((await new AwsKeyWrapper(keyId, { client }).wrap(dataKey)).keyId).toBe(arn);
	});

	it("loads and connects once for several keys", async () => {
		const kms = await awsKms();
		const wrapper = new AwsKeyWrapper(kms.key().arn);
		const [one, other] = [await wrapper.wrap(dataKey), await wrapper.wrap(dataKey)];
		expect(one.wrappedKey).not.toEqual(other.wrappedKey);
	});

	it("leaves no trace of its own environment variable", async () => {
		const kms = await awsKms();
		const name = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";
		vi.stubEnv(name, undefined);
		await wrapWith(kms.key().arn);
		expect(process.env[name]).toBeUndefined();
		vi.stubEnv(name, "1");
		await wrapWith(kms.key().arn);
		expect(process.env[name]).toBe("1");
	});

	it("warns nobody on the console", async () => {
		const kms = await awsKms();
		const written = [vi.spyOn(console, "warn"), vi.spyOn(console, "error"), vi.spyOn(console, "info")];
		await wrapWith(kms.key().arn);
		for (const each of written) expect(each).not.toHaveBeenCalled();
	});
});

describe("AwsKeyWrapper says in one sentence that", () => {
	const cases: readonly (readonly [string, (kms: AwsKmsServer) => string, RegExp])[] = [
		[
			"access is denied",
			(kms) => {
				const key = kms.key();
				key.denied.add("Encrypt");
				return key.arn;
			},
			/^AWS KMS could not encrypt with arn:\S+: access is denied \(AccessDeniedException\); allow kms:Encrypt on the key/,
		],
		[
			"the key is disabled",
			(kms) => {
				const key = kms.key();
				key.state = "Disabled";
				return key.arn;
			},
			/: the key is disabled \(DisabledException\); /,
		],
		[
			"the key is about to be deleted",
			(kms) => {
				const key = kms.key();
				key.state = "PendingDeletion";
				return key.arn;
			},
			/: the key is about to be deleted, or lacks its material \(KMSInvalidStateException\); cancel/,
		],
		[
			"the key is gone",
			(kms) => {
				const key = kms.key();
				kms.delete(key);
				return key.arn;
			},
			/: there is no such key \(NotFoundException\); check the id, the account, and AWS_REGION/,
		],
		[
			"the key is of another kind",
			(kms) => kms.key("ECC_NIST_P256").arn,
			/: the key is not made for this \(InvalidKeyUsageException\); give a symmetric one/,
		],
		[
			"the credentials are unknown",
			(kms) => {
				const { arn } = kms.key();
				kms.credentials = { ...kms.credentials, accessKeyId: "AKIAOTHER" };
				return arn;
			},
			/: the credentials are not accepted \(UnrecognizedClientException\); check AWS_ACCESS_KEY_ID/,
		],
	];
	it.each(cases)("%s", async (_, prepare, message) => {
		const kms = await awsKms();
		const keyId = prepare(kms);
		const { secretAccessKey } = kms.credentials;
		const error = await refusal(() => wrapWith(keyId));
		expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: false });
		expect(error.message).toMatch(message);
		expect(error.message).toMatch(/^[^.]+(?:\.\w[^.]*)*\.$/);
		expect(error.message).not.toContain(secretAccessKey);
		expect(error.cause).toBeUndefined();
		expect(kms.operations).toHaveLength(1);
	});

	it.each([
		["ThrottlingException", 400, /too many requests are made \(ThrottlingException\)/],
		["KMSInternalException", 500, /the service failed on its side \(KMSInternalException\)/],
		["SomethingNew", 503, /the service failed on its side \(SomethingNew\)/],
		["SomethingNew", 429, /too many requests are made \(SomethingNew\)/],
	])("it is busy or down, after three attempts: %s %d", async (code, status, message) => {
		const kms = await awsKms();
		const { arn } = kms.key();
		kms.respondWith(kmsRefusal(code, status));
		const error = await refusal(() => wrapWith(arn));
		expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: true });
		expect(error.message).toMatch(message);
		expect(kms.requests).toHaveLength(3);
	});

	it("nothing is wrong after all when a second attempt succeeds", async () => {
		const kms = await awsKms();
		const { arn } = kms.key();
		kms.respondWith(kmsRefusal("ThrottlingException"), kms.behaviour);
		expect((await wrapWith(arn)).keyId).toBe(arn);
	});

	it.each([
		[401, /access is denied/],
		[403, /access is denied/],
		[418, /the request failed/],
	])("something else answered: %d", async (status, message) => {
		const kms = await awsKms();
		const { arn } = kms.key();
		kms.respondWith(behaviours.status(status, {}, "<html>"));
		const error = await refusal(() => wrapWith(arn));
		expect(error).toMatchObject({ code: "PACK_KMS_FAILED", retryable: false });
		expect(error.message).toMatch(message);
	});

	it("nobody listens", async () => {
		const kms = await awsKms();
		vi.stubEnv("AWS_ENDPOINT_URL_KMS", await deadOrigin());
		const error = await refusal(() => wrapWith(kms.key().arn));
		expect(error.retryable).toBe(true);
		expect(error.message).toMatch(/no connection came about \(ECONNREFUSED\); .*AWS_ENDPOINT_URL_KMS/);
	});

	it("there are no credentials", async () => {
		stubAws({ AWS_REGION: "eu-central-1" });
		const { message } = await refusal(() => wrapWith("alias/agents"));
		expect(message).toMatch(/no AWS credentials were found or obtained \(CredentialsProviderError\); set/);
	});

	it("there is no region", async () => {
		const kms = await awsKms();
		vi.stubEnv("AWS_REGION", undefined);
		kms.key("SYMMETRIC_DEFAULT", "agents");
		const { message } = await refusal(() => wrapWith("alias/agents"));
		expect(message).toMatch(/no region is known.*; set AWS_REGION or give the key's ARN\.$/);
	});

	it.each([{}, { CiphertextBlob: "AAAA" }, { KeyId: "alias/agents", CiphertextBlob: "AAAA" }])(
		"the answer is no wrapped key: %j",
		async (body) => {
			const kms = await awsKms();
			const { arn } = kms.key();
			kms.respondWith((_request, response) => {
				response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
			});
			const { code, message } = await refusal(() => wrapWith(arn));
			expect(code).toBe("PACK_KMS_FAILED");
			expect(message).toMatch(/without a ciphertext and the key's ARN; check AWS_ENDPOINT_URL_KMS/);
		},
	);
});
