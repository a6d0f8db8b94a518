import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KMSClient } from "@aws-sdk/client-kms";
import { kmsRefusal } from "@clef-sh/testkit/aws-kms-server";
import { behaviours, deadOrigin } from "@clef-sh/testkit/servers";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { AwsKeyUnwrapper } from "../src/aws-key-unwrapper.js";
import { AT_ONCE, awsStage, DATA_KEY, useEnvironment, wrapWith } from "./aws-stage.js";
import { calm, rejection } from "./verified.js";

describe("AwsKeyUnwrapper", () => {
	it("unwraps a data key with a signed request to the region of the key's ARN", async () => {
		const { kms, unwrapper, wrapped } = await awsStage();
		vi.stubEnv("AWS_REGION", "us-east-1");
		expect(new Uint8Array(await unwrapper.unwrap(wrapped, calm))).toEqual(DATA_KEY);
		expect(kms.operations).toEqual(["Decrypt"]);
		expect(kms.requests[0]?.headers.authorization).toContain("/eu-central-1/kms/aws4_request");
		expect(JSON.parse(kms.requests[0]?.body ?? "")).toMatchObject({ KeyId: wrapped.keyId });
	});

	it("takes a key id and an alias, and then the region of the environment", async () => {
		const { kms, unwrapper } = await awsStage();
		const key = kms.key("SYMMETRIC_DEFAULT", "clef");
		for (const keyId of [key.keyId, "alias/clef", key.arn.replace(/key\/.*/, "alias/clef")]) {
			const dataKey = await unwrapper.unwrap(wrapWith(key, { keyId }), calm);
			expect(new Uint8Array(dataKey)).toEqual(DATA_KEY);
		}
	});

	it.each(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])(
		"unwraps with an asymmetric key and %s",
		async (algorithm) => {
			const { kms, unwrapper } = await awsStage();
			const dataKey = await unwrapper.unwrap(wrapWith(kms.key("RSA_2048"), { algorithm }), calm);
			expect(new Uint8Array(dataKey)).toEqual(DATA_KEY);
		},
	);

	it.each(["", "AES_256", "aes-256-gcm", "anything"])(
		"takes the algorithm %j for the default",
		async (algorithm) => {
			const { unwrapper, wrapped } = await awsStage();
			expect(new Uint8Array(await unwrapper.unwrap({ ...wrapped, algorithm }, calm))).toEqual(DATA_KEY);
		},
	);

	it.each([
		"https://kms.evil.example/key",
		"arn:aws:kms:evil.example/#:111122223333:alias/clef",
		"projects/p/locations/global/keyRings/r/cryptoKeys/k",
	])("A15 refuses the key id %j before any request, without showing it", async (keyId) => {
		const { kms, unwrapper, wrapped } = await awsStage();
		const error = await rejection(unwrapper.unwrap({ ...wrapped, keyId }, calm));
		expect(error).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED", retryable: false });
		expect(String(error)).not.toContain(keyId);
		expect(kms.requests).toEqual([]);
	});

	it("keeps one client for each region, and its connection", async () => {
		const { kms, unwrapper, wrapped } = await awsStage();
		const credentials = vi.spyOn(KMSClient.prototype, "send");
		await unwrapper.unwrap(wrapped, calm);
		await unwrapper.unwrap(wrapped, calm);
		expect(new Set(credentials.mock.contexts).size).toBe(1);
		expect(kms.operations).toHaveLength(2);
	});

	it("uses the client it is handed, whatever the region, and looks for nothing itself", async () => {
		const { kms, wrapped } = await awsStage();
		useEnvironment({});
		const { credentials, region, url: endpoint } = kms;
		const client = new KMSClient({ credentials, region, endpoint });
		const unwrapper = new AwsKeyUnwrapper(client);
		expect(new Uint8Array(await unwrapper.unwrap(wrapped, calm))).toEqual(DATA_KEY);
	});

	it("refuses an answer without a data key", async () => {
		const { wrapped } = await awsStage();
		const unwrapper = new AwsKeyUnwrapper({ send: async () => ({ Plaintext: undefined }) });
		expect(await rejection(unwrapper.unwrap(wrapped, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			message: expect.stringContaining("without a data key"),
		});
	});
});

describe("what KMS refuses", () => {
	it("denied: asks once, says what to allow, and the next unwrap after a change succeeds", async () => {
		const { kms, key, unwrapper, wrapped } = await awsStage();
		key.denied.add("Decrypt");
		expect(await rejection(unwrapper.unwrap(wrapped, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: `AWS KMS does not allow these credentials to decrypt (AccessDeniedException, key ${key.arn}); allow kms:Decrypt on the key in the role's IAM policy and in the key's own policy.`,
		});
		expect(kms.operations).toEqual(["Decrypt"]);
		key.denied.clear();
		expect(new Uint8Array(await unwrapper.unwrap(wrapped, calm))).toEqual(DATA_KEY);
	});

	it("disabled, waiting for its deletion, deleted", async () => {
		const { kms, key, unwrapper, wrapped } = await awsStage();
		const refusal = async () => String(await rejection(unwrapper.unwrap(wrapped, calm)));
		key.state = "Disabled";
		expect(await refusal()).toContain("has the key disabled (DisabledException");
		key.state = "PendingDeletion";
		expect(await refusal()).toContain("waiting for its deletion");
		kms.delete(key);
		expect(await refusal()).toContain("does not know the key (NotFoundException");
	});

	it("another key than the one that wrapped, a damaged data key, a key that only signs", async () => {
		const { kms, key, unwrapper, wrapped } = await awsStage();
		const other = kms.key();
		const refusal = async (change: object) =>
			String(await rejection(unwrapper.unwrap({ ...wrapped, ...change }, calm)));
		expect(await refusal({ keyId: other.arn })).toMatch(/IncorrectKeyException.*pack the secrets again/);
		const wrappedKey = Buffer.from(wrapWith(key).wrappedKey);
		wrappedKey.fill(0, 60);
		expect(await refusal({ wrappedKey })).toContain("InvalidCiphertextException");
		expect(await refusal({ keyId: kms.key("ECC_NIST_P256").arn })).toContain("ENCRYPT_DECRYPT");
	});

	it("a key of another region than the endpoint's", async () => {
		const { unwrapper, wrapped } = await awsStage();
		const keyId = wrapped.keyId.replace("eu-central-1", "us-east-1");
		expect(String(await rejection(unwrapper.unwrap({ ...wrapped, keyId }, calm)))).toMatch(
			/does not accept the signature \(InvalidSignatureException.*AWS_REGION/,
		);
	});

	it.each([
		["ThrottlingException", 400, "throttles requests"],
		["LimitExceededException", 400, "throttles requests"],
		["KeyUnavailableException", 500, "is failing"],
		["DependencyTimeoutException", 503, "is failing"],
		["KMSInternalException", 500, "is failing"],
		["Whatever", 502, "is failing (status 502"],
		["Whatever", 429, "throttles requests (status 429"],
	])("A15 %s (%i) is asked three times, and is worth asking later", async (code, status, words) => {
		const { kms, unwrapper, wrapped } = await awsStage();
		kms.respondWith(kmsRefusal(code, status));
		expect(await rejection(unwrapper.unwrap(wrapped, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: true,
			message: expect.stringContaining(words),
		});
		expect(kms.requests).toHaveLength(3);
	});

	it("recovers within one unwrap from being throttled once", async () => {
		const { kms, unwrapper, wrapped } = await awsStage();
		kms.respondWith(kmsRefusal("ThrottlingException"), kms.behaviour);
		expect(new Uint8Array(await unwrapper.unwrap(wrapped, calm))).toEqual(DATA_KEY);
	});

	it.each([
		[
			"XML, as moto and front doors refuse",
			behaviours.status(403, { "content-type": "text/xml" }, "<Error/>"),
			/does not allow these credentials.*\(status 403/,
		],
		["a login page", behaviours.html(), /answered 200 with something unexpected/],
		["a redirect", behaviours.redirect("http://evil.example/"), /answered 302 with something unexpected/],
		["nothing of the kind", behaviours.noHttp(), /could not be reached \(HPE_/],
		["no known error", kmsRefusal("SomethingNewException"), /answered 400 with something unexpected/],
	])("%s", async (_, behaviour, message) => {
		const { kms, unwrapper, wrapped } = await awsStage();
		kms.respondWith(behaviour);
		const error = await rejection(unwrapper.unwrap(wrapped, calm));
		expect(error).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED", message: expect.stringMatching(message) });
		expect(error).not.toHaveProperty("cause");
	});

	it("nobody at the endpoint", async () => {
		const { unwrapper, wrapped } = await awsStage();
		vi.stubEnv("AWS_ENDPOINT_URL_KMS", await deadOrigin());
		expect(await rejection(unwrapper.unwrap(wrapped, calm))).toMatchObject({
			retryable: true,
			message: expect.stringContaining("could not be reached (ECONNREFUSED)"),
		});
	});

	it("silence: gives up in time, three times, and says so", async () => {
		const { kms, wrapped } = await awsStage();
		kms.respondWith(behaviours.silence());
		const unwrapper = new AwsKeyUnwrapper(undefined, { pace: { ...AT_ONCE, attemptMs: 40 } });
		expect(await rejection(unwrapper.unwrap(wrapped, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: true,
			message: expect.stringMatching(/^AWS KMS.*did not answer in time/),
		});
	});

	it("hangs up and rejects with the reason when it is aborted while KMS thinks", async () => {
		const { kms, unwrapper, wrapped } = await awsStage();
		const controller = new AbortController();
		kms.respondWith(() => controller.abort("over"));
		expect(await rejection(unwrapper.unwrap(wrapped, controller.signal))).toBe("over");
	});
});

describe("region and credentials", () => {
	it("says which variable names the region where nothing does", async () => {
		const { kms, unwrapper, wrapped } = await awsStage();
		vi.stubEnv("AWS_REGION", undefined);
		expect(await rejection(unwrapper.unwrap({ ...wrapped, keyId: "alias/clef" }, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: expect.stringContaining("set AWS_REGION"),
		});
		expect(kms.requests).toEqual([]);
	});

	it("says that there are no credentials, and finds them once there are", async () => {
		const { kms, unwrapper, wrapped } = await awsStage();
		useEnvironment({ ...kms.environment(), AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
		expect(await rejection(unwrapper.unwrap(wrapped, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: expect.stringContaining("No AWS credentials were found"),
		});
		useEnvironment(kms.environment());
		expect(new Uint8Array(await unwrapper.unwrap(wrapped, calm))).toEqual(DATA_KEY);
	});

	it.each([
		[
			"an unknown key pair",
			{ accessKeyId: "AKIAOTHER", secretAccessKey: "other" },
			"UnrecognizedClientException",
		],
		["a wrong secret", { secretAccessKey: "other" }, "InvalidSignatureException"],
		["an expired session", { sessionToken: "newer" }, "ExpiredTokenException"],
	])("%s: says what to check, reads renewed files, and never shows them", async (_, change, code) => {
		const { kms, wrapped } = await awsStage();
		const folder = mkdtempSync(join(tmpdir(), "clef-aws-"));
		onTestFinished(() => rmSync(folder, { recursive: true }));
		const file = join(folder, "credentials");
		const write = () => {
			const { accessKeyId, secretAccessKey, sessionToken = "" } = kms.credentials;
			const token = sessionToken && `aws_session_token=${sessionToken}\n`;
			writeFileSync(
				file,
				`[default]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n${token}`,
			);
		};
		write();
		const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = kms.environment();
		useEnvironment({ ...rest, AWS_SHARED_CREDENTIALS_FILE: file });
		const unwrapper = new AwsKeyUnwrapper(undefined, { pace: AT_ONCE });
		await unwrapper.unwrap(wrapped, calm);
		const before = kms.credentials;
		kms.credentials = { ...before, ...change };
		const error = await rejection(unwrapper.unwrap(wrapped, calm));
		expect(error).toMatchObject({ retryable: false, message: expect.stringContaining(code) });
		expect(String(error)).not.toContain(before.accessKeyId);
		write();
		expect(new Uint8Array(await unwrapper.unwrap(wrapped, calm))).toEqual(DATA_KEY);
	});

	it("a role whose credentials cannot be obtained is another sentence than a denied key", async () => {
		const { kms, unwrapper, wrapped } = await awsStage();
		const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = kms.environment();
		const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${kms.url}/credentials` };
		useEnvironment({ ...rest, ...container });
		kms.respondWith(behaviours.status(403, {}, "{}"));
		expect(await rejection(unwrapper.unwrap(wrapped, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			message: expect.stringMatching(/AWS credentials/),
		});
		expect(kms.operations).toEqual([]);
	});

	it("a clock that is wrong by an hour is corrected by the server's", async () => {
		const { unwrapper, wrapped } = await awsStage({ now: () => Date.now() + 3_600_000 });
		expect(new Uint8Array(await unwrapper.unwrap(wrapped, calm))).toEqual(DATA_KEY);
	});

	it("leaves the SDK's warnings to those who turned them on, and prints nothing", async () => {
		const { unwrapper, wrapped } = await awsStage();
		const warn = vi.spyOn(process, "emitWarning");
		const log = vi.spyOn(console, "warn");
		vi.stubEnv("AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "kept");
		await unwrapper.unwrap(wrapped, calm);
		expect(warn).not.toHaveBeenCalled();
		expect(log).not.toHaveBeenCalled();
		expect(process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED).toBe("kept");
	});
});
