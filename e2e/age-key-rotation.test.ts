import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { clefAgent, runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

const SUBJECT = ["--identity", "api", "--environment", "production"];

/** A folder with an agent that reads `artifact.json` and `age.key` there; both can be replaced while it runs. */
async function running(env: Readonly<Record<string, string>> = {}) {
	const folder = temporaryFolder();
	const run = (...args: string[]) => clefAgent(args, { cwd: folder });
	/** Makes a key of this name and packs these secrets for it, without touching what the agent reads. */
	const prepare = async (name: string, secrets: object, ...options: string[]) => {
		await run("keygen", ...options, "-o", `${name}.key`);
		const recipient = /age1\w+/.exec(read(`${name}.key`))?.[0] ?? "";
		writeFileSync(join(folder, "secrets.json"), JSON.stringify(secrets));
		const packed = await run(
			"pack",
			...SUBJECT,
			"--recipient",
			recipient,
			"-o",
			`${name}.json`,
			"secrets.json",
		);
		expect(packed).toMatchObject({ status: 0 });
	};
	const read = (name: string) => readFileSync(join(folder, name), "utf8");
	const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
	await prepare("first", { KEY: "one" });
	await prepare("second", { KEY: "two" });
	put("age.key", read("first.key"));
	put("artifact.json", read("first.json"));
	const agent = await AgentProcess.ready(
		{
			CLEF_AGENT_SOURCE: "artifact.json",
			CLEF_AGENT_AGE_KEY_FILE: "age.key",
			...env,
		},
		{ cwd: folder, withoutAgeKey: true },
	);
	expect(await agent.secrets()).toEqual({ KEY: "one" });
	return { agent, folder, prepare, put, read };
}

it.each([
	["cached", "300"],
	["just-in-time", "0"],
])("D38 opens with an age key that was rotated in place, %s", async (_, ttl) => {
	const { agent, prepare, put, read } = await running({ CLEF_AGENT_CACHE_TTL: ttl });
	put("age.key", read("second.key"));
	expect(await agent.secrets()).toEqual({ KEY: "one" });
	put("artifact.json", read("second.json"));
	await agent.serves({ KEY: "two" });
	await prepare("third", { KEY: "three" }, "--post-quantum");
	put("age.key", read("third.key"));
	put("artifact.json", read("third.json"));
	await agent.serves({ KEY: "three" });
});

it("D38 goes on with the old key while the file is emptied, malformed or gone", async () => {
	const { agent, folder, put, read } = await running({ CLEF_AGENT_CACHE_TTL: "0" });
	for (const text of ["", "no key at all\n", read("second.key").slice(0, -9)]) {
		put("age.key", text);
		expect(await agent.secrets()).toEqual({ KEY: "one" });
	}
	rmSync(join(folder, "age.key"));
	expect(await agent.secrets()).toEqual({ KEY: "one" });
});

it("D38 says what is wrong with the file once the old key does not fit either, and recovers", async () => {
	const { agent, put, read } = await running();
	put("age.key", "AGE-SECRET-KEY-1SHORT\n");
	put("artifact.json", read("second.json"));
	const refusal = await agent.logged("artifact.invalid", { code: "DECRYPT_NO_IDENTITY" });
	expect(refusal.message).toContain("line 1 of the age key looks like an age identity but is cut short");
	expect(refusal.message).toContain("still serving revision");
	expect(agent.stderr).not.toContain("SHORT");
	expect(await agent.secrets()).toEqual({ KEY: "one" });
	put("age.key", read("second.key"));
	agent.signal("SIGHUP");
	await agent.serves({ KEY: "two" });
	expect((await agent.get("/v1/health")).json()).toMatchObject({ lastError: null });
});

it("D38 is not held up by a named pipe in the place of the key file", async () => {
	const { agent, folder } = await running({ CLEF_AGENT_CACHE_TTL: "0" });
	rmSync(join(folder, "age.key"));
	expect(await runProgram("mkfifo", ["age.key"], { cwd: folder })).toMatchObject({ status: 0 });
	expect(await agent.secrets()).toEqual({ KEY: "one" });
});

it("starts without an age key, as KMS envelopes need none, and says so when one is needed", async () => {
	const { folder } = await running();
	const agent = await AgentProcess.listening(
		{ CLEF_AGENT_SOURCE: join(folder, "first.json") },
		{ withoutAgeKey: true },
	);
	const refusal = await agent.logged("artifact.invalid", { code: "DECRYPT_NO_IDENTITY" });
	expect(refusal.message).toContain("set CLEF_AGENT_AGE_KEY or CLEF_AGENT_AGE_KEY_FILE");
	expect(await agent.secrets()).toMatchObject({ status: 503 });
});

it("just-in-time says so in its health, and warns that no KMS guards an age artifact", async () => {
	const { agent } = await running({ CLEF_AGENT_CACHE_TTL: "0" });
	expect((await agent.get("/v1/health")).json()).toMatchObject({ mode: "jit", state: "ready" });
	const warnings = agent.log.filter(({ event }) => event === "kms.gate_missing");
	expect(warnings).toEqual([expect.objectContaining({ level: "WARN" })]);
});
