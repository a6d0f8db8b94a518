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

/** The same for all that came back over a connection; `sent` are the requests, however broken, one after another. */
export function expectDocumentedRaw(
	sent: string,
	answers: readonly Pick<Answer, "status" | "headers" | "body">[],
): void {
	const lines = sent.split("\r\n\r\n").map((request) => /^(\S+) (\S+) HTTP\/1\.[01](?:\r\n|$)/.exec(request));
	answers.forEach((answer, index) => {
		const [, method, target = ""] = lines[index] ?? [];
		const [path = ""] = target.split("?");
		expectDocumented({ ...answer, method, path });
	});
}
