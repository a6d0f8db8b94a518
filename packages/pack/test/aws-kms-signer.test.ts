import { randomBytes, verify } from "node:crypto";
import { importTrustedKey } from "@clef-sh/artifact";
import { kmsRefusal } from "@clef-sh/testkit/aws-kms-server";
import { describe, expect, it } from "vitest";
import { AwsKmsSigner } from "../src/index.js";
import { awsKms, HURRIED } from "./aws-stage.js";
import { refusal } from "./refusal.js";

const payload = Buffer.from("clef-sig-v3\n1");

describe("AwsKmsSigner", () => {
	it.each([
		["RAW", 1],
		["RAW", 4096],
		["DIGEST", 4097],
	])("has KMS sign as %s what is %d bytes long", async (type, length) => {
		const kms = await awsKms();
		const { arn } = kms.key("ECC_NIST_P256", "signing");
		const signer = new AwsKmsSigner("alias/signing");
		const message = randomBytes(length);
		const signature = await signer.sign(message);
		const { key } = importTrustedKey(await signer.publicKey());
		expect(verify("sha256", message, { key, dsaEncoding: "der" }, signature)).toBe(true);
		expect(kms.operations).toEqual(["GetPublicKey", "Sign"]);
		expect(JSON.parse(kms.requests[1]?.body ?? "")).toMatchObject({
			KeyId: "alias/signing",
			MessageType: type,
			SigningAlgorithm: "ECDSA_SHA_256",
		});
		expect(arn).toContain("key/");
	});

	it("asks for the public key again only where that failed", async () => {
		const kms = await awsKms();
		const key = kms.key("ECC_NIST_P256");
		const signer = new AwsKmsSigner(key.arn, HURRIED);
		key.denied.add("GetPublicKey");
		const { message } = await refusal(() => signer.publicKey());
		expect(message).toMatch(
			/^AWS KMS could not give the public key of arn:\S+: access is denied \(AccessDeniedException\); allow kms:GetPublicKey/,
		);
		key.denied.clear();
		await signer.publicKey();
		await signer.publicKey();
		expect(kms.operations).toHaveLength(2);
	});

	it("names the permission to sign", async () => {
		const kms = await awsKms();
		const key = kms.key("ECC_NIST_P256");
		key.denied.add("Sign");
		const { message } = await refusal(() => new AwsKmsSigner(key.arn).sign(payload));
		expect(message).toMatch(/^AWS KMS could not sign with arn:\S+: access is denied .*; allow kms:Sign on/);
	});

	it("refuses a key of another kind", async () => {
		const kms = await awsKms();
		const rsa = await refusal(() => new AwsKmsSigner(kms.key("RSA_2048").arn).publicKey());
		expect(rsa.code).toBe("PACK_KEY_INVALID");
		expect(rsa.message).toMatch(/is RSA_2048 for ENCRYPT_DECRYPT and cannot sign artifacts; give one made/);
		kms.respondWith((_request, response) => {
			const answer = { KeySpec: "ECC_NIST_P384", KeyUsage: "SIGN_VERIFY", PublicKey: "AAAA" };
			response.setHeader("content-type", "application/x-amz-json-1.1").end(JSON.stringify(answer));
		});
		const p384 = await refusal(() => new AwsKmsSigner("alias/signing").publicKey());
		expect(p384.message).toMatch(/alias\/signing is ECC_NIST_P384 for SIGN_VERIFY and cannot sign/);
		kms.behaveWell();
		const symmetric = await refusal(() => new AwsKmsSigner(kms.key().arn).publicKey());
		expect(symmetric.message).toMatch(
			/not made for this \(UnsupportedOperationException\); give one made with/,
		);
		expect((await refusal(() => new AwsKmsSigner("projects/p"))).code).toBe("PACK_KEY_INVALID");
	});

	it("hands out no signature that its public key does not verify", async () => {
		const kms = await awsKms();
		const [key, other] = [kms.key("ECC_NIST_P256"), kms.key("ECC_NIST_P256")];
		const foreign = await new AwsKmsSigner(other.arn).sign(payload);
		const signer = new AwsKmsSigner(key.arn);
		await signer.publicKey();
		for (const Signature of [Buffer.from(foreign).toString("base64"), "AAAA", undefined]) {
			kms.respondWith((_request, response) => {
				response.setHeader("content-type", "application/x-amz-json-1.1").end(JSON.stringify({ Signature }));
			});
			const { code, message } = await refusal(() => signer.sign(payload));
			expect(code).toBe("PACK_KMS_FAILED");
			expect(message).toMatch(/that its public key does not verify; check AWS_ENDPOINT_URL_KMS/);
		}
	});

	it("tries again when KMS is busy", async () => {
		const kms = await awsKms();
		const signer = new AwsKmsSigner(kms.key("ECC_NIST_P256").arn, HURRIED);
		kms.respondWith(kmsRefusal("ThrottlingException"), kms.behaviour);
		expect(await signer.sign(payload)).toBeInstanceOf(Uint8Array);
	});
});
