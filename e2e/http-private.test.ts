import { startProxy } from "@clef-sh/testkit/proxy-server";
import { behaviours } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { itWith, part } from "./part.js";
import { startTlsServer, type TlsServer } from "./tls-server.js";

const itWithOpenssl = itWith(part("openssl", "version"));
const TOKEN = "source-token-not-for-logs";
const HOST = "artifacts.internal.test";

/** A private place with an artifact, which only the token opens. */
function startPlace(...names: readonly string[]): Promise<TlsServer> {
	const ok = behaviours.ok(vector("signed"));
	const denied = behaviours.status(401);
	return startTlsServer(names, (request, response) => {
		const known = request.headers.authorization === `Bearer ${TOKEN}`;
		(known ? ok : denied)(request, response);
	});
}

const settings = (url: string) => ({
	CLEF_AGENT_SOURCE: url,
	CLEF_AGENT_SOURCE_TOKEN: TOKEN,
	CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
});

async function startedProxy(place: TlsServer) {
	const proxy = await startProxy({ [HOST]: place.port });
	onTestFinished(() => proxy.close());
	return proxy;
}

itWithOpenssl("serves from a server of a private authority with NODE_EXTRA_CA_CERTS", async () => {
	const { port, authority } = await startPlace("127.0.0.1");
	const agent = await AgentProcess.ready({
		...settings(`https://127.0.0.1:${port}/api.age.json`),
		NODE_EXTRA_CA_CERTS: authority,
	});
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(agent.warnings).toEqual([]);
});

itWithOpenssl("names NODE_EXTRA_CA_CERTS where the authority is not known", async () => {
	const { port } = await startPlace("127.0.0.1");
	const agent = await AgentProcess.listening(settings(`https://127.0.0.1:${port}/api.age.json`));
	const { message } = await agent.logged("fetch.failed");
	expect(message).toContain(`Could not read https://127.0.0.1:${port}/api.age.json`);
	expect(message).toContain("NODE_EXTRA_CA_CERTS can name a private authority");
	expect(agent.stderr).not.toContain(TOKEN);
});

itWithOpenssl("serves through HTTPS_PROXY, which finds a host that the agent cannot", async () => {
	const place = await startPlace(HOST);
	const proxy = await startedProxy(place);
	const agent = await AgentProcess.ready({
		...settings(`https://${HOST}/api.age.json`),
		NODE_EXTRA_CA_CERTS: place.authority,
		HTTPS_PROXY: proxy.url.replace("//", "//ann:hunter2-not-for-logs@"),
	});
	expect(await agent.secrets()).toEqual(vectorSecrets);
	const authorization = `Basic ${Buffer.from("ann:hunter2-not-for-logs").toString("base64")}`;
	expect(proxy.requests).toEqual([{ method: "CONNECT", target: `${HOST}:443`, authorization }]);
	expect(agent.stderr).not.toContain("hunter2");
});

itWithOpenssl("goes past the proxy where NO_PROXY says so", async () => {
	// This machine by an address that is not taken for loopback, which no proxy is asked for anyway.
	const place = await startPlace("0.0.0.0");
	const proxy = await startProxy({});
	onTestFinished(() => proxy.close());
	const env = {
		...settings(`https://0.0.0.0:${place.port}/api.age.json`),
		NODE_EXTRA_CA_CERTS: place.authority,
		HTTPS_PROXY: proxy.url,
	};
	const agent = await AgentProcess.ready({ ...env, NO_PROXY: "other.test,0.0.0.0" });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(proxy.requests).toEqual([]);

	const proxied = await AgentProcess.listening(env);
	await proxied.logged("fetch.failed");
	expect(proxy.requests[0]).toMatchObject({ method: "CONNECT", target: `0.0.0.0:${place.port}` });
});

itWithOpenssl(
	"T27 names HTTPS_PROXY, and not its password, when the proxy refuses; then recovers",
	async () => {
		const place = await startPlace(HOST);
		const proxy = await startedProxy(place);
		proxy.become({ kind: "refuse", status: 407 });
		const agent = await AgentProcess.listening({
			...settings(`https://${HOST}/api.age.json?X-Amz-Signature=not-for-logs`),
			NODE_EXTRA_CA_CERTS: place.authority,
			HTTPS_PROXY: proxy.url.replace("//", "//ann:hunter2-not-for-logs@"),
		});
		const { message } = await agent.logged("fetch.failed");
		expect(message).toContain("The proxy in HTTPS_PROXY answered 407");
		expect(message).toContain("check the user name and password in HTTPS_PROXY");
		expect(agent.stderr).not.toContain("hunter2");
		expect(agent.stderr).not.toContain("X-Amz");
		proxy.become({ kind: "pass" });
		await agent.serves(vectorSecrets);
	},
);
