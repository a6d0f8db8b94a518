import type { Hono } from "hono";

/** The token of every router in these tests. */
export const TOKEN = "correct-horse-battery-staple";

/** Sends one request in-process, with the right token unless `headers` say otherwise. */
export async function ask(
	router: Hono,
	path: string,
	headers: Record<string, string> = {},
	method = "GET",
): Promise<Response> {
	return router.request(path, { method, headers: { Authorization: `Bearer ${TOKEN}`, ...headers } });
}

/** The parts of a response that these tests compare. */
export async function shown(response: Response): Promise<{ status: number; body: unknown }> {
	const text = await response.text();
	return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}
