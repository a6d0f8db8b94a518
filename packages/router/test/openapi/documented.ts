import { OpenApiChecker } from "@clef-sh/testkit/openapi-checker";
import { expect } from "vitest";
import { openApiDocument } from "../../src/openapi/index.js";
import type { RawResponse } from "../node/raw-client.js";

const checker = new OpenApiChecker(openApiDocument("1"));

/** Fails the test where an in-process response is not as the document says; leaves its body unread. */
export async function expectDocumented(method: string, path: string, response: Response): Promise<void> {
	const isStream = response.headers.get("content-type") === "text/event-stream";
	expectNone(
		checker.problems({
			method,
			path: new URL(path, "http://localhost").pathname,
			status: response.status,
			headers: Object.fromEntries(response.headers),
			body: isStream ? undefined : await response.clone().text(),
		}),
	);
}

/** The same for all that came back over a connection; `sent` are the requests, however broken, one after another. */
export function expectDocumentedRaw(sent: string, responses: readonly RawResponse[]): void {
	const lines = sent.split("\r\n\r\n").map((request) => /^(\S+) (\S+) HTTP\/1\.[01](?:\r\n|$)/.exec(request));
	responses.forEach(({ status, headers, body }, index) => {
		const [, method, target = ""] = lines[index] ?? [];
		const [path = ""] = target.split("?");
		expectNone(checker.problems({ method, path, status, headers, body: body.toString() }));
	});
}

/** The same for one event of `GET /v1/events`. */
export function expectDocumentedEvent(event: string, data: unknown): void {
	expectNone(checker.eventProblems("/v1/events", event, data));
}

function expectNone(problems: readonly string[]): void {
	expect(problems, problems.join("\n")).toEqual([]);
}
