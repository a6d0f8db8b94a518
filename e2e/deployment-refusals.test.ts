import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A user without rights; undefined where the tests are run by one already. */
const USER = process.getuid?.() === 0 ? 65_532 : undefined;
/** Whether a file system can be made that is read-only for one process alone. */
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
/** Ports below it take a privilege; container engines set it to 0. */
const firstFreePort = ((): number => {
	const file = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
	return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
})();

/** A folder of the tests' own user, which the agent's may enter but not write to. */
function foreignFolder(): string {
	const folder = join(temporaryFolder(), "foreign");
	chmodSync(join(folder, ".."), 0o755);
	mkdirSync(folder, { mode: USER === undefined ? 0o555 : 0o755 });
	return folder;
}

function artifact(): string {
	const folder = temporaryFolder();
	chmodSync(folder, 0o755);
	const file = join(folder, "artifact.json");
	writeFileSync(file, vector("signed"));
	return file;
}

const BASE = { CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };

/** What an agent without rights says when it will not start. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
	const given = { ...BASE, CLEF_AGENT_SOURCE: artifact(), ...env };
	const withoutToken = env.CLEF_AGENT_TOKEN_FILE !== undefined;
	const withoutAgeKey = env.CLEF_AGENT_AGE_KEY_FILE !== undefined;
	const agent = await AgentProcess.spawn(given, { user: USER, withoutToken, withoutAgeKey });
	expect(await agent.ended()).toMatchObject({ status: 1, signal: null });
	expect(agent.stderr).not.toMatch(/^ {4}at /m);
	const complaints = agent.stderr.split("\n").filter((line) => line.startsWith("clef-agent: "));
	expect(complaints).toHaveLength(1);
	return String(complaints[0]);
}

describe("an agent that may not do what it was told does not start, and says what to do", () => {
	it("D38 its key's file is another user's", async () => {
		const file = join(foreignFolder(), "..", "age-key");
		writeFileSync(file, vectorKeys.ageSecretKey, { mode: USER === undefined ? 0o000 : 0o600 });
		expect(await refusal({ CLEF_AGENT_AGE_KEY_FILE: file })).toBe(
			`clef-agent: CLEF_AGENT_AGE_KEY_FILE names ${file}, which cannot be read (EACCES); ` +
				"let the agent's user read it, and enter its folders.",
		);
	});

	it("its key's file is a folder, as a container engine makes one for a file that it does not find", async () => {
		const folder = foreignFolder();
		expect(await refusal({ CLEF_AGENT_AGE_KEY_FILE: folder })).toBe(
			`clef-agent: CLEF_AGENT_AGE_KEY_FILE names ${folder}, which cannot be read (EISDIR); name a file in this folder.`,
		);
	});

	it("its token's file lies in a folder that it may not write to", async () => {
		const file = join(foreignFolder(), "token");
		expect(await refusal({ CLEF_AGENT_TOKEN_FILE: file })).toMatch(
			/CLEF_AGENT_TOKEN_FILE \S+: permission denied; let the agent's user write to its folder$/,
		);
		expect(existsSync(file)).toBe(false);
	});

	const privileged = firstFreePort > 80 ? it : it.skip;
	const note = firstFreePort > 80 ? "" : " (needs ports that take a privilege, which this machine has not)";
	privileged(`its port takes a privilege${note}`, async () => {
		expect(await refusal({ CLEF_AGENT_PORT: "80" })).toMatch(
			/Port 80 .* set CLEF_AGENT_PORT to 1024 or above/,
		);
	});
});

describe("an agent that cannot keep its artifact on disk serves all the same, and says so", () => {
	it("where the folder is another user's", async () => {
		const env = { ...BASE, CLEF_AGENT_SOURCE: artifact(), CLEF_AGENT_CACHE_PATH: foreignFolder() };
		const agent = await AgentProcess.ready(env, { user: USER });
		const { level, message } = await agent.logged("disk.failed", { code: "CACHE_UNWRITABLE" });
		expect(level).toBe("WARN");
		expect(message).toMatch(/permission denied.*a restart without the source would have nothing to serve/);
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	const mounted = canMount ? it : it.skip;
	const note = canMount ? "" : " (needs unshare and the right to mount, which are not here)";
	/** Its arguments are the program to start, in the place of the shell. */
	const readOnly = 'mount -t tmpfs -o ro none "$FOLDER" && exec "$0" "$1"';
	const options = { node: "unshare", nodeArgs: ["-rm", "sh", "-c", readOnly, process.execPath] };

	mounted(`where the file system is read-only${note}`, async () => {
		const folder = foreignFolder();
		const env = { ...BASE, CLEF_AGENT_SOURCE: artifact(), CLEF_AGENT_CACHE_PATH: folder, FOLDER: folder };
		const agent = await AgentProcess.ready(env, options);
		const { message } = await agent.logged("disk.failed", { code: "CACHE_UNWRITABLE" });
		expect(message).toContain("the file system is read-only");
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	mounted(`but does not start where its token cannot be written${note}`, async () => {
		const folder = foreignFolder();
		const file = join(folder, "token");
		const env = { ...BASE, CLEF_AGENT_SOURCE: artifact(), CLEF_AGENT_TOKEN_FILE: file, FOLDER: folder };
		const agent = await AgentProcess.spawn(env, { ...options, withoutToken: true });
		expect(await agent.ended()).toMatchObject({ status: 1 });
		expect(agent.stderr).toMatch(/^clef-agent: [^\n]*the file system is read-only; use a writable volume\n$/);
	});
});

describe("running as root", () => {
	const warnings = (agent: AgentProcess) => agent.log.filter(({ event }) => event === "process.root");
	const root = process.getuid?.() === 0 ? it : it.skip;
	const note = process.getuid?.() === 0 ? "" : " (needs to be root)";

	root(`is warned of, once${note}`, async () => {
		const agent = await AgentProcess.ready({ ...BASE, CLEF_AGENT_SOURCE: artifact() });
		expect(warnings(agent)).toHaveLength(1);
		expect(warnings(agent)[0]).toMatchObject({ level: "WARN", message: expect.stringMatching(/User=/) });
	});

	it("is not what another user does", async () => {
		const agent = await AgentProcess.ready({ ...BASE, CLEF_AGENT_SOURCE: artifact() }, { user: USER });
		expect(warnings(agent)).toEqual([]);
		expect((await agent.get("/v1/secrets", { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
	});
});
