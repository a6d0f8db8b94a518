import { request as forward } from "node:http";
import { startProxy } from "@clef-sh/testkit/proxy-server";
import { onTestFinished } from "vitest";
import { startTlsServer } from "./tls-server.js";

/**
 * Puts a fake where clients look for the real service: behind TLS under these names, which only a proxy resolves.
 *
 * Resolves with the environment variables of a client. Needs openssl; all of it ends with the test.
 */
export async function startKmsFront(
	names: readonly string[],
	fakeUrl: string,
): Promise<Record<string, string>> {
	const { port, authority } = await startTlsServer(names, (request, response) => {
		const { method, url, headers } = request;
		const upstream = forward(fakeUrl + url, { method, headers }, (answer) => {
			response.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(response);
		});
		upstream.on("error", () => response.destroy());
		response.on("close", () => upstream.destroy());
		request.pipe(upstream);
	});
	const proxy = await startProxy(Object.fromEntries(names.map((name) => [name, port])));
	onTestFinished(() => proxy.close());
	return { HTTPS_PROXY: proxy.url, NO_PROXY: "127.0.0.1", NODE_EXTRA_CA_CERTS: authority };
}
