import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { GcpKmsServer, gcpRefusal } from "@clef-sh/testkit/gcp-kms-server";
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
const KEY = "projects/acme/locations/europe-west6/keyRings/agents/cryptoKeys/secrets";
const HOSTS = ["cloudkms.googleapis.com", "oauth2.googleapis.com"];

/** A KMS under Google's names, a service account that may decrypt, and an artifact for its key. */
async function stage() {
	const kms = await GcpKmsServer.start();
	onTestFinished(() => kms.close());
	kms.addVersion(KEY);
	const account = kms.addServiceAccount(KEY, "useToDecrypt", "useToEncrypt");
	const folder = temporaryFolder();
	const credentials = join(folder, "account.json");
	writeFileSync(credentials, JSON.stringify(account));
	const source = join(folder, "artifact.json");
	const publish = async (secrets: unknown, packedAt?: string): Promise<void> => {
		const wrap = (dataKey: Uint8Array) => kms.wrap(KEY, dataKey);
		const more = packedAt === undefined ? {} : { packedAt, revision: packedAt };
		writeFileSync(source, await sealEnvelope({ provider: "gcp", keyId: KEY, wrap, secrets, ...more }));
	};
	await publish(vectorSecrets);
	const env = {
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		GOOGLE_APPLICATION_CREDENTIALS: credentials,
		...(await startKmsFront(HOSTS, kms.url)),
	};
	return { kms, account, env, folder, publish };
}

const decryptions = ({ requests }: GcpKmsServer) =>
	requests.filter(({ url }) => url === `/v1/${KEY}:decrypt`).length;

itWithOpenssl("serves with a service account's key file, decrypting once, and logs no warning", async () => {
	const { kms, env, account } = await stage();
	const agent = await AgentProcess.ready(env, { withoutAgeKey: true });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(decryptions(kms)).toBe(1);
	const warnings = agent.warnings.map(({ message }) => message);
	expect(warnings.filter((message) => !message.startsWith("CLEF_AGENT_AGE_KEY is not set"))).toEqual([]);
	expect(agent.stderr).not.toContain(account.private_key.slice(40, 80));
	expect(agent.stderr).not.toContain("ya29.");
});

itWithOpenssl("serves what `pack --kms` made for the same key", async () => {
	const { kms, env, folder } = await stage();
	const [input, key, output] = ["secrets.json", "sign.pem", "packed.json"].map((name) => join(folder, name));
	writeFileSync(String(input), JSON.stringify({ PACKED: "by the command" }));
	writeFileSync(String(key), vectorKeys.ed25519PrivateKey);
	const packed = await clefAgent(
		[
			...["pack", "--identity", "api-gateway", "--environment", "production", "--kms", `gcp:${KEY}`],
			...["--sign-key", String(key), "-o", String(output), String(input)],
		],
		{ env },
	);
	expect(packed).toMatchObject({ status: 0, stdout: "" });
	const agent = await AgentProcess.ready(
		{ ...env, CLEF_AGENT_SOURCE: String(output) },
		{ withoutAgeKey: true },
	);
	expect(await agent.secrets()).toEqual({ PACKED: "by the command" });
	expect(decryptions(kms)).toBe(1);
});

itWithOpenssl(
	"A15 keeps the last good secrets while the KMS refuses a new artifact, and recovers",
	async () => {
		const { kms, env, publish } = await stage();
		const agent = await AgentProcess.ready(env, { withoutAgeKey: true });
		kms.setState(KEY, 1, "DISABLED");
		await publish({ KEY: "new" }, "2026-11-22T05:00:00.000Z");
		const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
		expect(message).toContain(`The version of ${KEY} that wrapped the data key is disabled or destroyed`);
		expect(await agent.secrets()).toEqual(vectorSecrets);
		kms.setState(KEY, 1, "ENABLED");
		agent.signal("SIGHUP");
		await agent.serves({ KEY: "new" });
	},
);

itWithOpenssl("just-in-time: a denial answers 503 at once, and recovers at once", async () => {
	const { kms, env } = await stage();
	const agent = await AgentProcess.ready({ ...env, CLEF_AGENT_CACHE_TTL: "0" }, { withoutAgeKey: true });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	kms.respondWith(gcpRefusal(403, "PERMISSION_DENIED"));
	const before = kms.requests.length;
	expect(await agent.secrets()).toMatchObject({ status: 503, code: "DECRYPT_UNWRAP_FAILED" });
	expect(kms.requests.length - before).toBe(1);
	kms.behaveWell();
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

itWithOpenssl("gets over an answer that was damaged on its way", async () => {
	const { kms, env } = await stage();
	kms.checksum = () => "1";
	const agent = await AgentProcess.listening(env, { withoutAgeKey: true });
	await eventually("a second attempt", () => decryptions(kms) > 1);
	kms.checksum = undefined;
	await agent.serves(vectorSecrets);
	expect(agent.log.map(({ code }) => code)).not.toContain("DECRYPT_AUTHENTICATION_FAILED");
});

itWithOpenssl("says in one sentence what is wrong with the credentials", async () => {
	const { kms, env, account } = await stage();
	kms.removeServiceAccount(account);
	const agent = await AgentProcess.listening(env, { withoutAgeKey: true });
	const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
	expect(message).toMatch(/Google credentials were refused \(400\); check GOOGLE_APPLICATION_CREDENTIALS/);
	expect(decryptions(kms)).toBe(0);
});

itWithOpenssl("says so where there are no credentials at all, and prints nothing but its log", async () => {
	const { env } = await stage();
	const { GOOGLE_APPLICATION_CREDENTIALS: _, ...without } = env;
	const agent = await AgentProcess.listening(
		{ ...without, HOME: temporaryFolder() },
		{ withoutAgeKey: true },
	);
	const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
	expect(message).toMatch(/No usable Google credentials were found; check GOOGLE_APPLICATION_CREDENTIALS or/);
	// Reading it fails on a line that is no JSON, such as a warning of Node's.
	expect(agent.log.length).toBeGreaterThan(0);
});

itWithOpenssl("names HTTPS_PROXY where the KMS is out of reach", async () => {
	const { env } = await stage();
	const { url, close } = await GcpKmsServer.start();
	onTestFinished(close);
	const agent = await AgentProcess.listening({ ...env, HTTPS_PROXY: url }, { withoutAgeKey: true });
	const { message } = await agent.logged("artifact.invalid", { code: "DECRYPT_UNWRAP_FAILED" });
	expect(message).toContain("HTTPS_PROXY");
});

itWithOpenssl("loads Google's library for an envelope of Google's, and no other cloud's", async () => {
	const { env } = await stage();
	const loaded = await loadedFiles(({ env: recording, nodeArgs }) =>
		AgentProcess.ready({ ...env, ...recording }, { nodeArgs, withoutAgeKey: true }),
	);
	const google = chunksWith(/GOOGLE_APPLICATION_CREDENTIALS environment variable/);
	expect(google).not.toEqual([]);
	for (const chunk of google) expect(loaded).toContain(chunk);
	const others = chunksWith(/TrentService|azsdk-js-keyvault-keys|@azure\/msal-node/);
	expect(others).not.toEqual([]);
	for (const chunk of others) expect(loaded).not.toContain(chunk);
});

itWithOpenssl("ends at once while the KMS is silent", async () => {
	const { kms, env } = await stage();
	kms.respondWith(behaviours.silence());
	const agent = await AgentProcess.listening(env, { withoutAgeKey: true });
	await eventually("a request", () => kms.requests.length > 0);
	expect(await agent.stop()).toMatchObject({ status: 0 });
});
