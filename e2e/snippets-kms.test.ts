import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { AzureKeyVaultServer } from "@clef-sh/testkit/azure-key-vault-server";
import { type EnvelopeOptions, sealEnvelope } from "@clef-sh/testkit/envelopes";
import { GcpKmsServer } from "@clef-sh/testkit/gcp-kms-server";
import { S3Server } from "@clef-sh/testkit/s3-server";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { describe, expect, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { startKmsFront } from "./kms-front.js";
import { settingsOf } from "./page-settings.js";
import { itWith, part } from "./part.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

type Variables = Readonly<Record<string, string>>;

const SECRETS = { DB_PASSWORD: "hunter2" };
const GCP_KEY = "projects/acme/locations/europe-west6/keyRings/agents/cryptoKeys/secrets";

function sealed(
	options: Pick<EnvelopeOptions, "provider" | "keyId" | "wrap" | "algorithm">,
): Promise<Uint8Array> {
	return sealEnvelope({ ...options, secrets: SECRETS });
}

/** The artifact at the address that two of the pages name, but on loopback. */
async function published(artifact: Uint8Array): Promise<Variables> {
	const server = await startServer(behaviours.ok(artifact));
	onTestFinished(() => server.close());
	return { CLEF_AGENT_SOURCE: `${server.url}/api/production.age.json` };
}

/** Key services as the pages name them, and a place with an artifact that they have sealed. */
const SERVICES: Readonly<Record<string, () => Promise<Variables>>> = {
	aws: async () => {
		const kms = await AwsKmsServer.start();
		const { credentials } = kms;
		const s3 = await S3Server.start({ credentials, region: "us-east-1" });
		for (const server of [kms, s3]) onTestFinished(() => server.close());
		const key = kms.key("SYMMETRIC_DEFAULT", "agents");
		const wrap = (dataKey: Uint8Array) => encryptWith(key, dataKey);
		const artifact = await sealed({ provider: "aws", keyId: key.arn, wrap });
		s3.put("acme-artifacts", "api/production.age.json", artifact);
		return { ...s3.environment(), ...kms.environment() };
	},
	gcp: async () => {
		const kms = await GcpKmsServer.start();
		onTestFinished(() => kms.close());
		kms.addVersion(GCP_KEY);
		const credentials = join(temporaryFolder(), "agent.json");
		writeFileSync(credentials, JSON.stringify(kms.addServiceAccount(GCP_KEY, "useToDecrypt")));
		const wrap = (dataKey: Uint8Array) => kms.wrap(GCP_KEY, dataKey);
		const artifact = await sealed({ provider: "gcp", keyId: GCP_KEY, wrap });
		const front = await startKmsFront(["cloudkms.googleapis.com", "oauth2.googleapis.com"], kms.url);
		return { ...(await published(artifact)), ...front, GOOGLE_APPLICATION_CREDENTIALS: credentials };
	},
	azure: async () => {
		const vault = await AzureKeyVaultServer.start();
		onTestFinished(() => vault.close());
		const keyId = vault.addVersion("secrets");
		const wrap = (dataKey: Uint8Array) => vault.wrap(keyId, dataKey);
		const artifact = await sealed({ provider: "azure", keyId, wrap, algorithm: "RSA-OAEP-256" });
		const front = await startKmsFront([new URL(vault.vaultUrl).host], vault.url);
		// Where to look for credentials is for the page to say.
		const { AZURE_TOKEN_CREDENTIALS: _, ...identity } = vault.environment();
		return { ...(await published(artifact)), ...front, ...identity };
	},
};

describe("the settings of a page open what its key service has sealed, at every request", () => {
	for (const [name, start] of Object.entries(SERVICES)) {
		itWith(part("openssl", "version"))(name, async () => {
			const [shown = {}] = await settingsOf(snippetsFor("settings", `docs/kms/${name}.md`));
			expect(shown.CLEF_AGENT_CACHE_TTL).toBe("0");
			const agent = await AgentProcess.ready({ ...shown, ...(await start()) }, { withoutAgeKey: true });
			expect(await agent.secrets()).toEqual(SECRETS);
			expect((await agent.get("/v1/health")).json()).toMatchObject({ mode: "jit" });
		});
	}
});
