import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { createDecryptor, DecryptError } from "../src/index.js";
import { sealed } from "./sealed.js";
import { calm, rejection, verified } from "./verified.js";

const envelope = {
	keyId: "arn:aws:kms:eu-central-1:111122223333:key/1",
	wrappedKey: Buffer.alloc(40).toString("base64"),
	algorithm: "SYMMETRIC_DEFAULT",
	iv: Buffer.alloc(12).toString("base64"),
	authTag: Buffer.alloc(16).toString("base64"),
};

describe("createDecryptor", () => {
	it("opens an age artifact with the identities it was given", async () => {
		const decryptor = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
		const plaintext = await decryptor.decrypt(verified(vector("signed")), calm);
		expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual(vectorSecrets);
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

	it.each(["aws", "gcp", "azure"])("refuses a KMS envelope of %s in this version", async (provider) => {
		const decryptor = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
		const artifact = sealed(Buffer.alloc(64), { envelope: { provider, ...envelope } });
		expect(await rejection(decryptor.decrypt(artifact, calm))).toMatchObject({
			code: "DECRYPT_UNWRAP_FAILED",
			retryable: false,
			message: `KMS envelopes (provider ${provider}) are not built yet in this version; pack this artifact for an age recipient instead.`,
		});
	});
});
