import type { Hono } from "hono";
import { expectDocumented } from "./openapi/documented.js";

/** The token of every router in these tests. */
export const TOKEN = "correct-horse-battery-staple";

/**
 * Sends one request in-process, with the right token unless `headers` say otherwise. The response must be as the
 * OpenAPI document says.
 */
export async function ask(
	router: Hono,
	path: string,
	headers: Record<string, string> = {},
	method = "GET",
): Promise<Response> {
	const all = { Authorization: `Bearer ${TOKEN}`, ...headers };
	const response = await router.request(path, { method, headers: all });
	await expectDocumented(method, path, response);
	return response;
}

/** The parts of a response that these tests compare. */
export async function shown(response: Response): Promise<{ status: number; body: unknown }> {
	const text = await response.text();
	return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}
