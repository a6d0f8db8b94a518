import { encryptWith, makeAwsKey } from "@clef-sh/testkit/aws-kms-key";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, vi } from "vitest";
import { createDecryptor } from "../src/index.js";
import { calm, rejection, verified } from "./verified.js";

const loads = vi.hoisted((): string[] => []);

vi.mock("@aws-sdk/client-kms", (importOriginal) => {
	loads.push("aws");
	return importOriginal();
});
vi.mock("google-auth-library", () => {
	loads.push("gcp");
	return {};
});
vi.mock("@azure/keyvault-keys", () => {
	loads.push("azure");
	return {};
});
vi.mock("@azure/identity", () => {
	loads.push("azure");
	return {};
});

describe("the SDKs of the KMSes", () => {
	it("A15 are loaded by the first envelope of their own that names one of their keys, and by nothing before", async () => {
		const decryptor = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey, kms: { aws: refusing } });
		await decryptor.decrypt(verified(vector("plain")), calm);
		for (const provider of ["aws", "gcp", "azure"]) {
			const foreign = await sealEnvelope({ provider, keyId: "https://evil.example/", wrap: (key) => key });
			await rejection(decryptor.decrypt(verified(foreign), calm));
		}
		expect(loads).toEqual([]);
		const key = makeAwsKey("SYMMETRIC_DEFAULT", "eu-central-1");
		const wrap = (dataKey: Uint8Array) => encryptWith(key, dataKey);
		const envelope = await sealEnvelope({ provider: "aws", keyId: key.arn, wrap });
		await rejection(decryptor.decrypt(verified(envelope), calm));
		expect(loads).toEqual(["aws"]);
	});
});

const refusing = { send: () => Promise.reject(new RangeError("no")) };
