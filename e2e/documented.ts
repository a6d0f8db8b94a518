import { readFileSync } from "node:fs";
import { type Answer, OpenApiChecker } from "@clef-sh/testkit/openapi-checker";
import { expect } from "vitest";

const published = new URL("../docs/openapi.json", import.meta.url);
const checker = new OpenApiChecker(JSON.parse(readFileSync(published, "utf8")));

/** Fails the test where an answer of the agent is not as its published OpenAPI document says. */
export function expectDocumented(answer: Answer): void {
	const problems = checker.problems(answer);
	expect(problems, problems.join("\n")).toEqual([]);
}

/** The same for what came back over a connection; `request` is what was sent, however broken. */
export function expectDocumentedRaw(
	request: string,
	answer: Pick<Answer, "status" | "headers" | "body">,
): void {
	const [, method, target = ""] = /^(\S+) (\S+) HTTP\/1\.[01]\r\n/.exec(request) ?? [];
	const [path = ""] = target.split("?");
	expectDocumented({ ...answer, method, path });
}
