import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent, commandPath, runProgram } from "./command.js";
import { itWith, part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

const { version } = JSON.parse(readFileSync(new URL("../apps/agent/package.json", import.meta.url), "utf8"));
const SUBJECT = ["--identity", "billing", "--environment", "staging"];
const withCurl = itWith(part("curl"));
const withAge = itWith(part("age"));

/** Calls that must succeed, in one folder. */
function commands(cwd: string) {
	return async (...args: string[]) => {
		const ended = await clefAgent(args, { cwd });
		expect(ended).toMatchObject({ status: 0 });
		return ended;
	};
}

async function keys(cwd: string) {
	const run = commands(cwd);
	await run("keygen", "-o", "age.key");
	const recipient = /age1\w+/.exec(readFileSync(join(cwd, "age.key"), "utf8"))?.[0] ?? "";
	const { stderr } = await run("keygen", "--signing", "-o", "sign.key");
	const verifyKey = /^CLEF_AGENT_VERIFY_KEY=(\S+)\n$/.exec(stderr)?.[1] ?? "";
	return { run, recipient, verifyKey };
}

withCurl("keygen, pack, verify, run, and curl reads what was packed", async () => {
	const cwd = temporaryFolder();
	const { run, recipient, verifyKey } = await keys(cwd);
	writeFileSync(join(cwd, ".env"), 'DB_PASSWORD="two words"\nAPI_KEY=k\n');
	const sealed = ["--recipient", recipient, "--sign-key", "sign.key", "--ttl", "30d"];
	await run("pack", ...SUBJECT, ...sealed, "-o", "artifact.json", ".env");

	const { stdout: verdict } = await run("verify", "--key", verifyKey, "artifact.json");
	expect(verdict).toMatch(/^ok: billing\/staging, revision /);
	expect((await run("inspect", "artifact.json")).stdout).toMatch(/^signature +Ed25519/m);

	const agent = await AgentProcess.ready(
		{
			CLEF_AGENT_SOURCE: "artifact.json",
			CLEF_AGENT_AGE_KEY_FILE: "age.key",
			CLEF_AGENT_VERIFY_KEY: verifyKey,
			CLEF_AGENT_IDENTITY: "billing",
			CLEF_AGENT_ENVIRONMENT: "staging",
		},
		{ cwd, withoutAgeKey: true },
	);
	const curl = (path: string, ...headers: string[]) =>
		runProgram("curl", ["-sS", ...headers.flatMap((header) => ["-H", header]), agent.url + path]);
	const authorization = `Authorization: Bearer ${TOKEN}`;
	expect(JSON.parse((await curl("/v1/secrets", authorization)).stdout)).toEqual({
		DB_PASSWORD: "two words",
		API_KEY: "k",
	});
	expect((await curl("/v1/secrets/DB_PASSWORD", authorization, "Accept: text/plain")).stdout).toBe(
		"two words",
	);
	expect(JSON.parse((await curl("/v1/keys", authorization)).stdout)).toEqual(["API_KEY", "DB_PASSWORD"]);
	expect(JSON.parse((await curl("/v1/secrets")).stdout)).toHaveProperty("code");
	expect(agent.stderr).not.toContain("two words");
});

withCurl("curl reads one value, a namespace's key, and gets 304 with the tag it was given", async () => {
	const cwd = temporaryFolder();
	writeFileSync(join(cwd, "a.json"), vector("plain"));
	const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: join(cwd, "a.json") });
	const curl = (...args: string[]) =>
		runProgram("curl", ["-sS", "-H", `Authorization: Bearer ${TOKEN}`, ...args]);
	const value = (path: string) => curl(agent.url + path).then(({ stdout }) => JSON.parse(stdout));
	expect(await value("/v1/secrets/search/API_KEY")).toEqual({ value: "search-key" });
	expect(await value("/v1/secrets/DB_HOST")).toEqual({ value: vectorSecrets.database?.DB_HOST });
	const { stdout: head } = await curl("-I", `${agent.url}/v1/secrets`);
	const etag = /^etag: (\S+)\r$/im.exec(head)?.[1] ?? "";
	const { stdout: status } = await curl(
		...["-o", "/dev/null", "-w", "%{http_code}", "-H", `If-None-Match: ${etag}`, `${agent.url}/v1/secrets`],
	);
	expect(status).toBe("304");
});

withAge("age opens what pack has packed", async () => {
	const cwd = temporaryFolder();
	const { run, recipient } = await keys(cwd);
	writeFileSync(join(cwd, "secrets.json"), JSON.stringify(vectorSecrets));
	await run("pack", ...SUBJECT, "--recipient", recipient, "-o", "artifact.json", "secrets.json");
	const { ciphertext } = JSON.parse(readFileSync(join(cwd, "artifact.json"), "utf8"));
	const opened = await runProgram("age", ["-d", "-i", "age.key"], {
		cwd,
		stdin: Buffer.from(ciphertext, "base64"),
	});
	expect(opened).toMatchObject({ status: 0, stderr: "" });
	expect(JSON.parse(opened.stdout)).toEqual(vectorSecrets);
});

withAge("the agent serves what age has encrypted", async () => {
	const cwd = temporaryFolder();
	const stdin = JSON.stringify({ FROM_AGE: "value" });
	const age = ["-r", vectorKeys.ageRecipient, "-o", "secrets.age"];
	expect(await runProgram("age", age, { cwd, stdin })).toMatchObject({ status: 0 });
	const ciphertext = readFileSync(join(cwd, "secrets.age")).toString("base64");
	const artifact = {
		version: 1,
		identity: "i",
		environment: "e",
		packedAt: new Date().toISOString(),
		revision: "from-age",
		ciphertextHash: createHash("sha256").update(ciphertext).digest("hex"),
		ciphertext,
	};
	writeFileSync(join(cwd, "artifact.json"), JSON.stringify(artifact));
	const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: join(cwd, "artifact.json") });
	expect(await agent.secrets()).toEqual({ FROM_AGE: "value" });
});

withAge("age reads the key that keygen has made, several identities with comments serve here", async () => {
	const cwd = temporaryFolder();
	const { recipient } = await keys(cwd);
	expect(await runProgram("age", ["-r", recipient], { cwd, stdin: "x" })).toMatchObject({ status: 0 });
	const generated = readFileSync(join(cwd, "age.key"), "utf8");
	writeFileSync(
		join(cwd, "many.key"),
		`${generated}\r\n# the one that fits\r\n${vectorKeys.ageSecretKey}\r\n`,
	);
	writeFileSync(join(cwd, "a.json"), vector("plain"));
	const agent = await AgentProcess.ready(
		{ CLEF_AGENT_SOURCE: join(cwd, "a.json"), CLEF_AGENT_AGE_KEY_FILE: join(cwd, "many.key") },
		{ withoutAgeKey: true },
	);
	expect(await agent.secrets()).toEqual(vectorSecrets);
});

it("a post-quantum key serves", async () => {
	const cwd = temporaryFolder();
	const run = commands(cwd);
	await run("keygen", "--post-quantum", "-o", "pq.key");
	const recipient = /age1pq1\w+/.exec(readFileSync(join(cwd, "pq.key"), "utf8"))?.[0] ?? "";
	writeFileSync(join(cwd, "s.json"), '{"A":"1"}');
	await run("pack", ...SUBJECT, "--recipient", recipient, "-o", "a.json", "s.json");
	const agent = await AgentProcess.ready(
		{ CLEF_AGENT_SOURCE: join(cwd, "a.json"), CLEF_AGENT_AGE_KEY_FILE: join(cwd, "pq.key") },
		{ withoutAgeKey: true },
	);
	expect(await agent.secrets()).toEqual({ A: "1" });
});

it("reads standard input from a pipe and writes an artifact to standard output", async () => {
	const args = ["pack", ...SUBJECT, "--recipient", vectorKeys.ageRecipient];
	const { status, stdout } = await clefAgent(args, { stdin: "A=1\n" });
	expect(status).toBe(0);
	expect(JSON.parse(stdout)).toMatchObject({ version: 1, identity: "billing" });
});

it("verify refuses with one sentence and status 1", async () => {
	const cwd = temporaryFolder();
	writeFileSync(join(cwd, "a.json"), vector("tampered-identity"));
	const ended = await clefAgent(["verify", "--key", vectorKeys.ed25519PublicKey, "a.json"], { cwd });
	expect(ended).toMatchObject({ status: 1, stdout: "" });
	expect(ended.stderr).toMatch(/^clef-agent: [^\n]+\n$/);
});

it("is executable, and knows its version", async () => {
	expect(await runProgram(commandPath, ["--version"])).toEqual({
		status: 0,
		stdout: `${version}\n`,
		stderr: "",
	});
});

it("is found by the name npm links", async () => {
	const bin = commandPath.replace(/dist(.clef-agent)\.js$/, "bin$1.cjs");
	expect(await runProgram(bin, ["--version"])).toMatchObject({ status: 0, stdout: `${version}\n` });
});

it("a mistake costs two lines and status 1", async () => {
	expect(await clefAgent(["pakc"])).toEqual({
		status: 1,
		stdout: "",
		stderr: "clef-agent: unknown command pakc; did you mean pack?\n  clef-agent --help lists the commands\n",
	});
});

it("writes everything to a reader that takes its time", async () => {
	const cwd = temporaryFolder();
	writeFileSync(join(cwd, "large.json"), JSON.stringify({ LARGE: "x".repeat(900_000) }));
	const pack = ["pack", ...SUBJECT, "--recipient", vectorKeys.ageRecipient, "large.json"];
	const shell = `"${process.execPath}" "${commandPath}" ${pack.join(" ")} | { sleep 0.5; cat; }`;
	const { stdout } = await runProgram("sh", ["-c", shell], { cwd });
	expect(JSON.parse(stdout)).toMatchObject({ identity: "billing" });
	expect(stdout.length).toBeGreaterThan(900_000);
});

it("does not trip over a reader that goes away", async () => {
	const shell = `"${process.execPath}" "${commandPath}" --help | true; echo "$?"`;
	expect(await runProgram("sh", ["-c", shell])).toEqual({ status: 0, stdout: "0\n", stderr: "" });
});
