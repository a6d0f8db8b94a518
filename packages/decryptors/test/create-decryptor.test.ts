import { KMSClient } from "@aws-sdk/client-kms";
import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { createDecryptor, DecryptError, type KmsCall } from "../src/index.js";
import { awsStage, useEnvironment } from "./aws-stage.js";
import { calm, rejection, verified } from "./verified.js";

describe("createDecryptor", () => {
	it("opens an age artifact with the identities it was given", async () => {
		const decryptor = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
		const plaintext = await decryptor.decrypt(verified(vector("signed")), calm);
		expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual(vectorSecrets);
	});

	it("D38 opens with what a function gives as the present content of a key file", async () => {
		const keyFile = { text: vectorKeys.ageSecretKey };
		const decryptor = createDecryptor({ ageIdentities: async () => keyFile.text });
		expect(await decryptor.decrypt(verified(vector("signed")), calm)).toBeInstanceOf(Uint8Array);
		keyFile.text = "";
		expect(await decryptor.decrypt(verified(vector("plain")), calm)).toBeInstanceOf(Uint8Array);
	});

	it("D38 opens with what that function gave earlier, while it fails", async () => {
		const decryptor = createDecryptor({
			ageIdentities: () => Promise.reject(new RangeError("gone")),
			initialAgeIdentities: vectorKeys.ageSecretKey,
		});
		expect(await decryptor.decrypt(verified(vector("signed")), calm)).toBeInstanceOf(Uint8Array);
	});

	it("refuses bad identities at once", () => {
		expect(() => createDecryptor({ ageIdentities: "# nothing\n" })).toThrow(DecryptError);
	});

	it("needs no identity until an age artifact comes, and then says which variable to set", async () => {
		const decryptor = createDecryptor({});
		expect(await rejection(decryptor.decrypt(verified(vector("plain")), calm))).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			message: expect.stringContaining("set CLEF_AGENT_AGE_KEY"),
		});
	});

	it("opens envelopes and age artifacts in any order, and needs no age identity for envelopes", async () => {
		const { kms, key } = await awsStage();
		const wrap = (dataKey: Uint8Array) => encryptWith(key, dataKey);
		const envelope = await sealEnvelope({ provider: "aws", keyId: key.arn, wrap, secrets: { A: "1" } });
		for (const options of [{}, { ageIdentities: vectorKeys.ageSecretKey }]) {
			const decryptor = createDecryptor(options);
			for (let round = 0; round < 2; round += 1) {
				const plaintext = await decryptor.decrypt(verified(envelope), calm);
				expect(Buffer.from(plaintext).toString()).toBe('{"A":"1"}');
			}
		}
		expect(kms.operations).toHaveLength(4);
		const both = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
		expect(await both.decrypt(verified(vector("signed")), calm)).toBeInstanceOf(Uint8Array);
		expect(await both.decrypt(verified(envelope), calm)).toBeInstanceOf(Uint8Array);
	});

	it("opens an envelope through the AWS client that it is handed", async () => {
		const { kms, key } = await awsStage();
		useEnvironment({});
		const wrap = (dataKey: Uint8Array) => encryptWith(key, dataKey);
		const envelope = await sealEnvelope({ provider: "aws", keyId: key.arn, wrap });
		const { credentials, region, url: endpoint } = kms;
		const calls: KmsCall[] = [];
		const decryptor = createDecryptor({
			kms: { aws: new KMSClient({ credentials, region, endpoint }) },
			onKmsCall: (call) => calls.push(call),
		});
		expect(await decryptor.decrypt(verified(envelope), calm)).toBeInstanceOf(Uint8Array);
		expect(calls).toEqual([{ provider: "aws", durationMs: expect.any(Number), error: undefined }]);
	});

	it.each(["aws", "gcp", "azure"])(
		"A15 refuses an envelope of %s with a foreign key id",
		async (provider) => {
			const keyId = "https://user:word@evil.example/keys/clef";
			const artifact = verified(await sealEnvelope({ provider, keyId, wrap: (dataKey) => dataKey }));
			const error = await rejection(createDecryptor({}).decrypt(artifact, calm));
			expect(error).toMatchObject({ code: "DECRYPT_UNWRAP_FAILED", retryable: false });
			expect(String(error)).not.toMatch(/evil|word/);
		},
	);

	it("A15 never sees an envelope of an unknown provider: it is refused when it is parsed", async () => {
		const body = await sealEnvelope({ provider: "evil", keyId: "alias/a", wrap: (dataKey) => dataKey });
		expect(() => verified(body)).toThrow(expect.objectContaining({ code: "ARTIFACT_MALFORMED" }));
	});
});
