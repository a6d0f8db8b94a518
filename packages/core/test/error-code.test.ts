import { ArtifactError } from "@clef-sh/artifact";
import { CacheError } from "@clef-sh/cache";
import { DecryptError } from "@clef-sh/decryptors";
import { SourceError } from "@clef-sh/sources";
import { describe, expect, it } from "vitest";
import { AgentError, isCodedError } from "../src/index.js";

describe("isCodedError", () => {
	it("knows every error class of ours", () => {
		for (const error of [
			new AgentError(["One.", "Two."]),
			new ArtifactError("ARTIFACT_EXPIRED", "Sentence."),
			new CacheError("AGENT_NOT_READY", "Sentence."),
			new DecryptError("DECRYPT_NO_IDENTITY", "Sentence."),
			new SourceError("SOURCE_TIMEOUT", "Sentence."),
		]) {
			expect(isCodedError(error)).toBe(true);
			expect(error.name).toBe(error.constructor.name);
		}
	});

	it("knows no other, whatever code it carries", () => {
		const foreign = Object.assign(new TypeError("secret"), { code: "ARTIFACT_EXPIRED" });
		expect([foreign, "text", undefined, { code: "SOURCE_TIMEOUT" }].some(isCodedError)).toBe(false);
	});
});

describe("AgentError", () => {
	it("puts each problem on its own line", () => {
		expect(new AgentError(["One.", "Two."]).message).toBe("One.\nTwo.");
	});
});
