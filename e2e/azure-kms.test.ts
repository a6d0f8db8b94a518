import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AzureKeyVaultServer, azureRefusal } from "@clef-sh/testkit/azure-key-vault-server";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { behaviours } from "@clef-sh/testkit/servers";
import { vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { clefAgent } from "./command.js";
import { eventually } from "./eventually.js";
import { startKmsFront } from "./kms-front.js";
import { itWith, part } from "./part.js";
import { chunksWith, loadedFiles } from "./recorded-loads.js";
import { temporaryFolder } from "./temporary-folder.js";

const itWithOpenssl = itWith(part("openssl", "version"));

/** A vault under Azure's name, the managed identity of an App Service, and an artifact for a key of the vault. */
async function stage() {
	const vault = await AzureKeyVaultServer.start();
	onTestFinished(() => vault.close());
	const keyId = vault.addVersion("secrets");
	const folder = temporaryFolder();
	const source = join(folder, "artifact.json");
	const publish = async (secrets: unknown, packedAt?: string): Promise<void> => {
		const wrap = (dataKey: Uint8Array) => vault.wrap(keyId, dataKey);
		const more = packedAt === undefined ? {} : { packedAt, revision: packedAt };
		const algorithm = "RSA-OAEP-256";
		writeFileSync(
			source,
			await sealEnvelope({ provider: "azure", keyId, wrap, algorithm, secrets, ...more }),
		);
	};
	await publish(vectorSecrets);
	const env = {
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		...vault.environment(),
		...(await startKmsFront([new URL(vault.vaultUrl).host], vault.url)),
	};
	return { vault, keyId, env, folder, publish };
}

const unwraps = ({ requests }: AzureKeyVaultServer) =>
	requests.filter(({ url, headers }) => url.includes("/unwrapkey") && headers.authorization !== undefined)
		.length;

itWithOpenssl("serves with a managed identity that may only unwrap, and logs no warning", async () => {
	const { vault, env } = await stage();
	const agent = await AgentProcess.ready(env, { withoutAgeKey: true });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(unwraps(vault)).toBe(1);
	expect(vault.requests.filter(({ method, url }) => method === "GET" && url.startsWith("/keys/"))).toEqual(
		[],
	);
	const warnings = agent.warnings.map(({ message }) => message);
	expect(warnings.filter((message) => !message.startsWith("CLEF_AGENT_AGE_KEY is not set"))).toEqual([]);
	for (const { headers } of vault.requests) {
		const [, token] = /^Bearer (.+)$/.exec(headers.authorization ?? "") ?? [];
		if (token !== undefined) expect(agent.stderr).not.toContain(token);
	}
});

itWithOpenssl("serves what `pack --kms` made with the same key", async () => {
	const { vault, keyId, env, folder } = await stage();
	vault.permissions.add("wrapKey");
	vault.permissions.add("get");
	const [input, key, output] = ["secrets.json", "sign.pem", "packed.json"].map((name) => join(folder, name));
	writeFileSync(String(input), JSON.stringify({ PACKED: "by the command" }));
	writeFileSync(String(key), vectorKeys.ed25519PrivateKey);
	const packed = await clefAgent(
		[
			...["pack", "--identity", "api-gateway", "--environment", "production", "--kms", `azure:${keyId}`],
			...["--sign-key", String(key), "-o", String(output), String(input)],
		],
		{ env },
	);
	expect(packed).toMatchObject({ status: 0, stdout: "" });
	vault.permissions.clear();
	vault.permissions.add("unwrapKey");
	const agent = await AgentProcess.ready(
		{ ...env, CLEF_AGENT_SOURCE: String(output) },
		{ withoutAgeKey: true },
	);
	expect(await agent.secrets()).toEqual({ PACKED: "by the command" });
});

itWithOpenssl(
	"A15 keeps the last good secrets while the vault refuses a new artifact, and recovers",
	async () => {
		const { vault, keyId, env, publish } = await stage();
		const agent = await AgentProcess.ready(env, { withoutAgeKey: true });
		vault.enable("secrets", false);
		await publish({ KEY: "new" }, "2026-11-22T05:00:00.000Z");
		const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
		expect(message).toContain(`${keyId} is disabled`);
		expect(await agent.secrets()).toEqual(vectorSecrets);
		vault.enable("secrets", true);
		agent.signal("SIGHUP");
		await agent.serves({ KEY: "new" });
	},
);

itWithOpenssl("just-in-time: a denial answers 503 at once, and recovers at once", async () => {
	const { vault, env } = await stage();
	const agent = await AgentProcess.ready({ ...env, CLEF_AGENT_CACHE_TTL: "0" }, { withoutAgeKey: true });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	vault.permissions.delete("unwrapKey");
	const before = unwraps(vault);
	expect(await agent.secrets()).toMatchObject({ status: 503, code: "DECRYPT_UNWRAP_FAILED" });
	expect(unwraps(vault) - before).toBe(1);
	vault.permissions.add("unwrapKey");
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

itWithOpenssl("gets over throttling", async () => {
	const { vault, env } = await stage();
	vault.respondWith(azureRefusal(429, "Throttled"));
	const agent = await AgentProcess.listening(env, { withoutAgeKey: true });
	await eventually("a second attempt", () => vault.requests.length > 1);
	vault.behaveWell();
	await agent.serves(vectorSecrets);
});

itWithOpenssl("says in one sentence that there is no identity", async () => {
	const { vault, env } = await stage();
	const agent = await AgentProcess.listening({ ...env, IDENTITY_HEADER: "wrong" }, { withoutAgeKey: true });
	const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
	expect(message).toMatch(/No usable Azure credentials were found; set AZURE_TENANT_ID/);
	expect(agent.stderr).not.toContain("wrong");
	expect(unwraps(vault)).toBe(0);
});

itWithOpenssl("names HTTPS_PROXY where the vault is out of reach", async () => {
	const { env } = await stage();
	const { url, close } = await AzureKeyVaultServer.start();
	onTestFinished(close);
	const agent = await AgentProcess.listening({ ...env, HTTPS_PROXY: url }, { withoutAgeKey: true });
	const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
	expect(message).toContain("HTTPS_PROXY");
});

itWithOpenssl("loads Azure's libraries for an envelope of Azure's, and no other cloud's", async () => {
	const { env } = await stage();
	const loaded = await loadedFiles(({ env: recording, nodeArgs }) =>
		AgentProcess.ready({ ...env, ...recording }, { nodeArgs, withoutAgeKey: true }),
	);
	const azure = chunksWith(/azsdk-js-keyvault-keys|@azure\/msal-node/);
	expect(azure).not.toEqual([]);
	for (const chunk of azure) expect(loaded).toContain(chunk);
	const others = chunksWith(/TrentService|GOOGLE_APPLICATION_CREDENTIALS environment variable/);
	expect(others).not.toEqual([]);
	for (const chunk of others) expect(loaded).not.toContain(chunk);
});

itWithOpenssl("ends at once while the vault is silent", async () => {
	const { vault, env } = await stage();
	vault.respondWith(behaviours.silence());
	const agent = await AgentProcess.listening(env, { withoutAgeKey: true });
	await eventually("a request", () => vault.requests.length > 0);
	expect(await agent.stop()).toMatchObject({ status: 0 });
});
