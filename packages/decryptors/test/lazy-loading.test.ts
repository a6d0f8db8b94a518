import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, vi } from "vitest";
import { createDecryptor } from "../src/index.js";
// Not from sealed.js, which needs the library itself.
import { calm, verified } from "./verified.js";

const loads = vi.hoisted(() => ({ count: 0 }));

vi.mock("age-encryption", (importOriginal) => {
	loads.count += 1;
	return importOriginal();
});

describe("the age library", () => {
	it("is loaded by the first decryption and by nothing before it", async () => {
		const decryptor = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey });
		expect(loads.count).toBe(0);
		await decryptor.decrypt(verified(vector("plain")), calm);
		expect(loads.count).toBe(1);
	});
});
