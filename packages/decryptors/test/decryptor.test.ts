import { parseArtifact, type UnverifiedArtifact, type VerifiedArtifact } from "@clef-sh/artifact";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, expectTypeOf, it } from "vitest";
import { createDecryptor, type Decryptor } from "../src/index.js";
import { calm } from "./verified.js";

describe("Decryptor", () => {
	it("takes verified artifacts and nothing else", () => {
		expectTypeOf<Parameters<Decryptor["decrypt"]>[0]>().toEqualTypeOf<VerifiedArtifact>();
		expectTypeOf<UnverifiedArtifact>().not.toExtend<VerifiedArtifact>();
		expectTypeOf<Pick<VerifiedArtifact, keyof VerifiedArtifact>>().not.toExtend<VerifiedArtifact>();
	});

	it("does not compile when verification is skipped", () => {
		const unverified = parseArtifact(vector("plain"));
		const decryptor = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
		// @ts-expect-error only `verifyArtifact` makes what can be decrypted
		const attempt = () => decryptor.decrypt(unverified, calm);
		expect(attempt).toBeTypeOf("function");
	});
});
