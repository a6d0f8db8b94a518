import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { AzureKeyVaultServer } from "@clef-sh/testkit/azure-key-vault-server";
import { GcpKmsServer } from "@clef-sh/testkit/gcp-kms-server";
import { startServer } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished, vi } from "vitest";
import { startKmsFront } from "./kms-front.js";
import { followPage, PRINTED, PUBLIC_KEY, RECIPIENT, type Reader } from "./page-session.js";
import { itWith, part } from "./part.js";
import type { Answered, ShellSession } from "./shell-session.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

vi.setConfig({ testTimeout: 60_000 });

const workspace = fileURLToPath(new URL("..", import.meta.url));
const shell = ["bash", "curl", "openssl"].map((name) =>
	part(name, name === "openssl" ? "version" : "--version"),
);
const itInShell = itWith({ name: "bash, curl and openssl", present: shell.every(({ present }) => present) });

/** Keys, and an artifact for them that is the agent's source. */
const PACKED = [
	"clef-agent keygen -o age.key",
	"clef-agent keygen --signing -o sign.pem",
	`echo '{"DATABASE_URL":"postgres://db/app","API_KEY":"k"}' | clef-agent pack --identity api --environment dev \
		--recipient ${RECIPIENT} --sign-key sign.pem -o api.age.json`,
	`export CLEF_AGENT_SOURCE=api.age.json CLEF_AGENT_AGE_KEY_FILE=age.key CLEF_AGENT_VERIFY_KEY=${PUBLIC_KEY}`,
];

/** A key to sign with and secrets, as the pages on key services take for granted. */
const UNPACKED = ["clef-agent keygen --signing -o signing.pem", `echo '{"API_KEY":"k"}' > secrets.json`];

function follow(page: string, reader?: Reader): Promise<ShellSession> {
	return followPage(snippetsFor("pages", page), reader);
}

function last({ answers }: ShellSession): Answered | undefined {
	return answers.at(-1);
}

/** Has the packed file, which the page has just made, name its key. */
async function expectSealed(session: ShellSession, key: string): Promise<void> {
	expect(await session.run("clef-agent inspect production.age.json")).toMatchObject({
		status: 0,
		output: expect.stringContaining(key),
	});
}

itInShell("README.md: secrets of one's own are served", async () => {
	const session = await follow("README.md", { fill: PRINTED, env: { clef: workspace } });
	expect(last(session)?.output).toBe('{"DB_PASSWORD":"hunter2"}');
	await session.run("clef-agent revoke api.age.json");
});

itInShell("docs/getting-started.md: a secret is served, rotated and revoked", async () => {
	const { answers } = await follow("docs/getting-started.md", {
		env: { clef: workspace.replace(/\/$/, "") },
		fails: ["clef-agent health"],
	});
	expect(answers.length).toBeGreaterThan(20);
});

itInShell("docs/switching.md: both serve the same, and then the new one alone does", async () => {
	const existing = await startServer((request, response) => {
		const names = Object.entries(vectorSecrets).flatMap(([namespace, secrets]) =>
			Object.keys(secrets).map((key) => `${namespace}__${key}`),
		);
		response.end(JSON.stringify(request.url === "/v1/keys" ? names.sort() : vectorSecrets));
	});
	onTestFinished(() => existing.close());
	const folder = temporaryFolder();
	writeFileSync(join(folder, "api.age.json"), vector("signed"));
	await follow("docs/switching.md", {
		before: [`cp "${folder}/api.age.json" .`],
		// The one that is there is a server that answers as the contract says.
		fill: { "ask 7779": `ask ${new URL(existing.url).port}`, "7780": "$CLEF_AGENT_PORT" },
		env: {
			CLEF_AGENT_SOURCE: "api.age.json",
			CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_TOKEN: "token-of-enough-characters",
		},
	});
});

itInShell("docs/keys.md: each key is made, and exchanged while the agent serves", async () => {
	const { answers } = await follow("docs/keys.md", { fails: ["clef-agent verify --key verify.key"] });
	expect(answers.length).toBeGreaterThan(20);
});

itInShell("docs/exec.md: programs are started with the secrets", async () => {
	const server = `#!/bin/sh\necho "server $* $DATABASE_URL $API_KEY"\n`;
	const session = await follow("docs/exec.md", {
		before: [...PACKED, `printf '%s' '${server}' > server`, "chmod +x server"],
		programs: { gunicorn: 'echo "gunicorn $* $DATABASE_URL $API_KEY"' },
	});
	const printed = session.answers.slice(-2).map(({ output }) => output);
	expect(printed[0]).toContain("server --port 8080 postgres://db/app k\n");
	expect(printed[1]).toContain("gunicorn app:app postgres://db/app \n");
});

itInShell("docs/http-api.md: the socket answers", async () => {
	const session = await follow("docs/http-api.md", {
		before: [
			...PACKED,
			"export CLEF_AGENT_SOCKET=$PWD/agent.sock TOKEN=token-of-enough-characters",
			"CLEF_AGENT_TOKEN=$TOKEN clef-agent &",
		],
		fill: { "/run/clef/agent.sock": "agent.sock" },
	});
	expect(last(session)?.output).toBe('{"DATABASE_URL":"postgres://db/app","API_KEY":"k"}');
});

const isRoot = process.getuid?.() === 0;
const mayGiveAway = isRoot || spawnSync("sudo", ["-n", "true"]).status === 0;
const itAsRoot = itWith({ name: "root, or sudo without a password", present: mayGiveAway });

itAsRoot("docs/install/compose.md: the secrets lie where Compose takes them from", async () => {
	const session = await follow("docs/install/compose.md", {
		before: ["mkdir -p deploy/compose", "echo a > age-key", "echo v > verify-key"],
		fill: { "…/age-key …/verify-key": "../../age-key ../../verify-key" },
		programs: isRoot ? { sudo: 'exec "$@"' } : {},
	});
	const { output } = await session.run("stat -c '%a %u %n' secrets/*");
	expect(output).toBe("400 65532 secrets/age-key\n400 65532 secrets/verify-key\n");
});

itInShell("docs/kms/aws.md: an artifact is sealed by the key", async () => {
	const kms = await AwsKmsServer.start();
	onTestFinished(() => kms.close());
	const { arn } = kms.key("SYMMETRIC_DEFAULT", "agents");
	const shown = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
	const reader = { before: UNPACKED, env: kms.environment(), fill: { [shown]: arn } };
	await expectSealed(await follow("docs/kms/aws.md", reader), arn);
});

itInShell("docs/kms/gcp.md: an artifact is sealed by the key", async () => {
	const key = "projects/acme/locations/europe-west6/keyRings/agents/cryptoKeys/secrets";
	const kms = await GcpKmsServer.start();
	onTestFinished(() => kms.close());
	kms.addVersion(key);
	const credentials = join(temporaryFolder(), "packer.json");
	writeFileSync(credentials, JSON.stringify(kms.addServiceAccount(key, "useToEncrypt")));
	const front = await startKmsFront(["cloudkms.googleapis.com", "oauth2.googleapis.com"], kms.url);
	const env = { GOOGLE_APPLICATION_CREDENTIALS: credentials, ...front };
	await expectSealed(await follow("docs/kms/gcp.md", { before: UNPACKED, env }), key);
});

itInShell("docs/kms/azure.md: an artifact is sealed by the key", async () => {
	const vault = await AzureKeyVaultServer.start();
	onTestFinished(() => vault.close());
	const version = vault.addVersion("secrets");
	for (const permission of ["wrapKey", "get"] as const) vault.permissions.add(permission);
	const env = { ...vault.environment(), ...(await startKmsFront([new URL(vault.vaultUrl).host], vault.url)) };
	const fill = { "https://acme-agents.vault.azure.net": vault.vaultUrl };
	await expectSealed(await follow("docs/kms/azure.md", { before: UNPACKED, env, fill }), version);
});
