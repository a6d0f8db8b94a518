import { AgentError, SourceError } from "@clef-sh/core";
import { expect, it } from "vitest";
import { failureOf } from "../src/failure.js";
import { LambdaError } from "../src/lambda-error.js";

it("names an error of ours as Lambda names errors", () => {
	expect(failureOf(new SourceError("SOURCE_NOT_FOUND", "There is nothing."))).toEqual({
		code: "SOURCE_NOT_FOUND",
		errorType: "Extension.SourceNotFound",
		message: "There is nothing.",
	});
});

it("tells all problems of a configuration in one line", () => {
	const error = new AgentError(["One is wrong.", "Two is\n  missing."]);
	expect(failureOf(error)).toEqual({
		code: "CONFIG_INVALID",
		errorType: "Extension.ConfigInvalid",
		message: "One is wrong. Two is missing.",
	});
});

it("names what kept the secrets away rather than that Init failed", () => {
	const error = new LambdaError("LAMBDA_INIT_FAILED", "No secrets.", { reason: "SOURCE_TIMEOUT" });
	expect(failureOf(error)).toMatchObject({
		code: "LAMBDA_INIT_FAILED",
		errorType: "Extension.SourceTimeout",
	});
	expect(failureOf(new LambdaError("LAMBDA_INIT_FAILED", "No secrets."))).toMatchObject({
		errorType: "Extension.LambdaInitFailed",
	});
});

it.each([
	Object.assign(new TypeError("the password is hunter2"), { code: "ERR_INVALID_ARG_TYPE" }),
	new TypeError("the password is hunter2"),
	"the password is hunter2",
])("keeps the words of an unexpected error to itself: %o", (error) => {
	const failure = failureOf(error);
	expect(failure).toMatchObject({ code: "UNEXPECTED", errorType: "Extension.Unexpected" });
	expect(JSON.stringify(failure)).not.toContain("hunter2");
});
