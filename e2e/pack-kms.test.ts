import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AwsKmsServer, kmsRefusal } from "@clef-sh/testkit/aws-kms-server";
import { vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent, type Ended, runProgram } from "./command.js";
import { itWithMoto, Moto } from "./moto.js";
import { itWith, part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

const SUBJECT = ["--identity", "api-gateway", "--environment", "production"];
const secrets = JSON.stringify(vectorSecrets);
const VERIFY_KEY = /^CLEF_AGENT_VERIFY_KEY=(\S+)\n$/;

/** AWS KMS with a key to seal and a key to sign, and the built packer that finds it. */
async function stage() {
	const kms = await AwsKmsServer.start();
	onTestFinished(() => kms.close());
	const sealing = kms.key("SYMMETRIC_DEFAULT", "agents");
	const signing = kms.key("ECC_NIST_P256", "signing");
	const cwd = temporaryFolder();
	const env = kms.environment();
	const run = async (args: readonly string[], stdin = ""): Promise<Ended> => {
		const ended = await clefAgent(args, { cwd, env, stdin });
		expect(ended.stderr).not.toContain(kms.credentials.secretAccessKey);
		return ended;
	};
	const pack = (...args: readonly string[]) => run(["pack", ...SUBJECT, ...args], secrets);
	return { kms, sealing, signing, cwd, env, run, pack, file: join(cwd, "a.json") };
}

/** The agent on a packed file, without any age key. */
function agentOn(file: string, verifyKey: string, env: Readonly<Record<string, string>>) {
	const own = { CLEF_AGENT_SOURCE: file, CLEF_AGENT_VERIFY_KEY: verifyKey };
	return AgentProcess.ready({ ...own, ...env }, { withoutAgeKey: true });
}

it("packs and signs with AWS KMS what the agent serves", async () => {
	const { kms, sealing, env, run, pack, file } = await stage();
	const packed = await pack("--kms", "aws:alias/agents", "--sign-kms", "alias/signing", "-o", file);
	const [, verifyKey = ""] = VERIFY_KEY.exec(packed.stderr) ?? [];
	expect(packed).toEqual({ status: 0, stdout: "", stderr: expect.stringMatching(VERIFY_KEY) });
	expect(verifyKey).toMatch(/^M/);
	expect(kms.operations).toEqual(["GetPublicKey", "Encrypt", "Sign"]);

	const inspected = await run(["inspect", file]);
	expect(inspected.stdout).toContain(`encryption   KMS envelope: aws, key ${sealing.arn}\n`);
	expect(inspected.stdout).toMatch(/^signature\s+ECDSA_SHA256/m);
	expect(await run(["verify", "--key", verifyKey, file])).toMatchObject({ status: 0 });
	expect(readFileSync(file, "utf8")).not.toContain(Object.keys(vectorSecrets)[0]);

	const agent = await agentOn(file, verifyKey, env);
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect(kms.operations.at(-1)).toBe("Decrypt");
});

itWith(part("curl"))("curl gets from the agent what was packed with a bare ARN", async () => {
	const { sealing, cwd, env, pack, file } = await stage();
	writeFileSync(join(cwd, "sign.key"), vectorKeys.ed25519PrivateKey);
	const packed = await pack("--kms", sealing.arn, "--sign-key", "sign.key", "-o", file);
	expect(packed).toEqual({ status: 0, stdout: "", stderr: "" });
	const agent = await agentOn(file, vectorKeys.ed25519PublicKey, env);
	const header = `Authorization: Bearer ${TOKEN}`;
	const { stdout } = await runProgram("curl", ["-sS", "-H", header, `${agent.url}/v1/secrets`]);
	expect(JSON.parse(stdout)).toEqual(vectorSecrets);
});

it("an age artifact can be signed with AWS KMS", async () => {
	const { run, pack, file } = await stage();
	const recipient = ["--recipient", vectorKeys.ageRecipient];
	const packed = await pack(...recipient, "--sign-kms", "aws:alias/signing", "-o", file);
	const [, verifyKey = ""] = VERIFY_KEY.exec(packed.stderr) ?? [];
	expect(await run(["verify", "--key", verifyKey, file])).toMatchObject({ status: 0 });
	const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: file, CLEF_AGENT_VERIFY_KEY: verifyKey });
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

it("revoke turns an envelope into what wipes the agent", async () => {
	const { sealing, cwd, env, run, pack, file } = await stage();
	writeFileSync(join(cwd, "sign.key"), vectorKeys.ed25519PrivateKey);
	await pack("--kms", sealing.arn, "--sign-key", "sign.key", "-o", file);
	const agent = await agentOn(file, vectorKeys.ed25519PublicKey, env);
	expect(await run(["revoke", file])).toMatchObject({ status: 0 });
	expect(JSON.parse(readFileSync(file, "utf8"))).not.toHaveProperty("envelope");
	await agent.logged("artifact.revoked");
	expect(await agent.secrets()).toMatchObject({ status: 503, reason: "revoked" });
});

it("says in one sentence why KMS did not seal or sign, and writes nothing", async () => {
	const { kms, sealing, signing, cwd, pack } = await stage();
	const refused = async (...args: readonly string[]): Promise<string> => {
		const { status, stdout, stderr } = await pack(...args, "-o", "a.json");
		expect({ status, stdout, files: readdirSync(cwd) }).toEqual({ status: 1, stdout: "", files: [] });
		return stderr;
	};
	sealing.denied.add("Encrypt");
	expect(await refused("--kms", sealing.arn)).toBe(
		`clef-agent: AWS KMS could not encrypt with ${sealing.arn}: access is denied (AccessDeniedException); allow kms:Encrypt on the key to these credentials, in a policy of theirs or of the key.\n`,
	);
	sealing.denied.clear();
	signing.denied.add("Sign");
	expect(await refused("--kms", sealing.arn, "--sign-kms", signing.arn)).toMatch(
		/^clef-agent: AWS KMS could not sign with .*; allow kms:Sign on the key .*\.\n$/,
	);
	expect(await refused("--kms", sealing.arn, "--sign-kms", sealing.arn)).toMatch(
		/^clef-agent: .* give one made with --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY\.\n$/,
	);
	kms.respondWith(kmsRefusal("KMSInternalException", 500));
	const before = kms.requests.length;
	expect(await refused("--kms", sealing.arn)).toMatch(/the service failed on its side/);
	expect(kms.requests.length - before).toBe(3);
	expect(await refused("--kms", "agents")).toMatch(
		/^clef-agent: The KMS key does not tell its provider; write aws:KEY, gcp:projects\/… or azure:/,
	);
	expect(await refused("--kms", "aws:alias/agents", "--recipient", vectorKeys.ageRecipient)).toMatch(
		/^clef-agent: --kms and age recipients exclude each other\n {2}usage: /,
	);
});

/** A key of moto's, by its ARN. */
async function motoKey(moto: Moto, input: object): Promise<string> {
	const { KeyMetadata }: { KeyMetadata?: unknown } = await moto.kms("CreateKey", input);
	const { Arn }: { Arn?: unknown } = Object(KeyMetadata);
	return String(Arn);
}

itWithMoto("moto: packs, signs and serves with the permissions that the documentation names", async () => {
	const moto = await Moto.start();
	const sealing = await motoKey(moto, {});
	const signing = await motoKey(moto, { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
	const keys = await moto.user("packer", {
		Action: ["kms:Encrypt", "kms:Sign", "kms:GetPublicKey"],
		Resource: "*",
	});
	const environment = {
		AWS_ENDPOINT_URL_KMS: moto.url,
		AWS_CONFIG_FILE: "/nowhere/config",
		AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
		AWS_EC2_METADATA_DISABLED: "true",
	};
	const cwd = temporaryFolder();
	const pack = (env: Readonly<Record<string, string>>) => {
		const args = ["pack", ...SUBJECT, "--kms", sealing, "--sign-kms", signing, "-o", "a.json"];
		return clefAgent(args, { cwd, env: { ...environment, ...env }, stdin: secrets });
	};
	const packed = await pack({ ...keys });
	const [, verifyKey = ""] = VERIFY_KEY.exec(packed.stderr) ?? [];
	expect(packed).toEqual({ status: 0, stdout: "", stderr: expect.stringMatching(VERIFY_KEY) });

	const reader = await moto.user("agent", { Action: "kms:Decrypt", Resource: "*" });
	const agent = await agentOn(join(cwd, "a.json"), verifyKey, { ...environment, ...reader });
	expect(await agent.secrets()).toEqual(vectorSecrets);
	expect((await pack({ ...reader })).stderr).toMatch(
		/^clef-agent: AWS KMS could not give the public key of \S+: access is denied .*allow kms:GetPublicKey/,
	);
	expect((await pack({ ...keys, AWS_SECRET_ACCESS_KEY: "wrong" })).stderr).toMatch(
		/^clef-agent: AWS KMS could not .*: (?:the credentials are not accepted|access is denied)/,
	);
});
