import { spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { sealArtifact, sealFields } from "@clef-sh/testkit/artifacts";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { commandPath } from "./command.js";
import { eventually } from "./eventually.js";
import { temporaryFolder } from "./temporary-folder.js";

const agoMs = (ms: number): string => new Date(Date.now() - ms).toISOString();
const OLD = agoMs(120_000);
const NEW = agoMs(60_000);
const SERVED = { KEY: "a-value-of-the-first" };

/** A server with a signed artifact, and agents that keep what they get from it in one directory. */
async function stage(ttlSeconds: string) {
	const fields = await sealFields({ packedAt: OLD, secrets: SERVED });
	const good = Buffer.from(JSON.stringify(fields));
	const server = await startServer(behaviours.ok(good));
	onTestFinished(() => server.close());
	const cachePath = join(temporaryFolder(), "cache");
	const env = {
		CLEF_AGENT_SOURCE: `${server.url}/artifact?sig=not-for-logs`,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_CACHE_PATH: cachePath,
		CLEF_AGENT_CACHE_TTL: ttlSeconds,
	};
	return { cachePath, env, fields, good, server, folder: join(cachePath, "clef-agent") };
}

/** Waits for the record, and resolves with its path. */
const recordIn = (folder: string): Promise<string> =>
	eventually("a record on disk", () => {
		const name = existsSync(folder) ? readdirSync(folder).find((each) => each.endsWith(".clef")) : undefined;
		return name === undefined ? undefined : join(folder, name);
	});

/** A limit on file sizes makes every write fail in the middle, as a full disk does. */
const LIMITED = { node: "/bin/sh", nodeArgs: ["-c", 'ulimit -f 1; exec "$0" "$@"', process.execPath] };

const down = () => behaviours.status(503);

describe.each(["300", "0"])("through the built command at a TTL of %s", (ttlSeconds) => {
	it("D35 T26 serves after a kill and a restart while the source is down", async () => {
		const { env, folder, server } = await stage(ttlSeconds);
		const first = await AgentProcess.ready(env);
		await recordIn(folder);
		first.signal("SIGKILL");
		await first.ended();
		server.respondWith(down());
		const second = await AgentProcess.ready(env);
		expect(await second.secrets()).toEqual(SERVED);
		const restored = await second.logged("artifact.restored");
		expect(restored.message).toMatch(/restored from disk.*; served until/);
		await second.logged("fetch.failed");
		expect(readFileSync(await recordIn(folder), "latin1")).not.toContain("not-for-logs");
		expect(second.stderr).not.toContain("not-for-logs");
	});

	it("D35 keeps it for its owner only, encrypted", async () => {
		const { env, folder } = await stage(ttlSeconds);
		const agent = await AgentProcess.ready(env);
		const record = await recordIn(folder);
		expect(statSync(folder).mode & 0o777).toBe(0o700);
		expect(statSync(record).mode & 0o777).toBe(0o600);
		expect(readFileSync(record, "latin1")).not.toContain(SERVED.KEY);
		expect((await agent.get("/v1/ready")).status).toBe(200);
	});

	it("A1 refuses what is older than what it had before the restart, and keeps that", async () => {
		const { env, folder, good, server } = await stage(ttlSeconds);
		server.respondWith(behaviours.ok(await sealArtifact({ revision: "r2", packedAt: NEW, secrets: SERVED })));
		const first = await AgentProcess.ready(env);
		await recordIn(folder);
		await first.stop();
		server.respondWith(behaviours.ok(good));
		const second = await AgentProcess.ready(env);
		await second.logged("artifact.invalid", { code: "ARTIFACT_ROLLED_BACK" });
		expect((await second.get("/v1/health")).json()).toMatchObject({ revision: "r2", state: "ready" });
	});

	it("A9 stays revoked after a restart on a replay, and takes what is packed later", async () => {
		const { env, fields, folder, good, server } = await stage(ttlSeconds);
		const first = await AgentProcess.ready(env);
		await recordIn(folder);
		server.respondWith(behaviours.ok(JSON.stringify({ ...fields, revokedAt: agoMs(1_000) })));
		first.signal("SIGHUP");
		const revoked = await first.logged("artifact.revoked");
		expect(revoked).toMatchObject({ diskCachePurged: true });
		expect(readFileSync(await recordIn(folder), "latin1")).not.toContain("ciphertext");
		first.signal("SIGKILL");
		await first.ended();
		server.respondWith(behaviours.ok(good));
		const second = await AgentProcess.listening(env);
		await second.logged("artifact.invalid", { code: "ARTIFACT_REVOKED" });
		expect(await second.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_REVOKED" });
		const later = { packedAt: new Date().toISOString(), revision: "r9", secrets: { KEY: "after" } };
		server.respondWith(behaviours.ok(await sealArtifact(later)));
		second.signal("SIGHUP");
		await second.serves({ KEY: "after" });
	});
});

describe("D35 a cache directory that cannot be used is a warning, not an outage", () => {
	it.each<[string, (cachePath: string) => void]>([
		["is a file", (path) => writeFileSync(path, "")],
		[
			"holds a folder open to everyone",
			(path) => {
				mkdirSync(join(path, "clef-agent"), { recursive: true });
				chmodSync(join(path, "clef-agent"), 0o777);
			},
		],
		[
			"holds a link to elsewhere",
			(path) => {
				mkdirSync(path);
				mkdirSync(`${path}-elsewhere`, { mode: 0o700 });
				symlinkSync(`${path}-elsewhere`, join(path, "clef-agent"));
			},
		],
	])("when it %s", async (_, spoil) => {
		const { cachePath, env } = await stage("300");
		spoil(cachePath);
		const agent = await AgentProcess.ready(env);
		const warning = await agent.logged("disk.failed", { code: "CACHE_UNWRITABLE" });
		expect(warning.level).toBe("WARN");
		expect(warning.message).toContain(cachePath);
		expect(await agent.secrets()).toEqual(SERVED);
	});

	it("when the disk is full, and is used again once it is not", async () => {
		const { env, folder } = await stage("300");
		const limited = await AgentProcess.ready(env, LIMITED);
		await limited.logged("disk.failed", { code: "CACHE_UNWRITABLE" });
		expect(await limited.secrets()).toEqual(SERVED);
		expect(readdirSync(folder)).toEqual([]);
		await limited.stop();
		await AgentProcess.ready(env);
		await recordIn(folder);
	});

	it("when it vanishes while the agent runs, and it is made again", async () => {
		const { cachePath, env, folder } = await stage("300");
		const agent = await AgentProcess.ready(env);
		await recordIn(folder);
		rmSync(cachePath, { recursive: true });
		agent.signal("SIGHUP");
		await recordIn(folder);
		expect(await agent.secrets()).toEqual(SERVED);
	});
});

it("D35 a damaged record is not used, and is replaced", async () => {
	const { env, folder, server } = await stage("300");
	const first = await AgentProcess.ready(env);
	await recordIn(folder);
	await first.stop();
	const path = await recordIn(folder);
	writeFileSync(path, readFileSync(path).subarray(0, 500));
	server.respondWith(down());
	const second = await AgentProcess.listening(env);
	expect((await second.logged("disk.failed")).message).toContain("damaged");
	expect(await second.secrets()).toMatchObject({ status: 503 });
});

it("D35 two agents share a directory, and neither disturbs the other", async () => {
	const { env, folder } = await stage("300");
	const agents = [await AgentProcess.ready(env), await AgentProcess.ready(env)];
	const other = await AgentProcess.ready({ ...env, CLEF_AGENT_ENVIRONMENT: "production" });
	for (const agent of [...agents, other]) {
		agent.signal("SIGHUP");
		expect(await agent.secrets()).toEqual(SERVED);
		expect(agent.log.filter(({ event }) => event === "disk.failed")).toEqual([]);
	}
	await eventually(
		"a record of each subject",
		() => readdirSync(folder).filter((name) => name.endsWith(".clef")).length === 2,
	);
});

it("D41 refuses to start with an open inspector", () => {
	const { status, stderr } = spawnSync(process.execPath, ["--inspect=0", commandPath], {
		encoding: "utf8",
		env: { PATH: process.env.PATH ?? "" },
	});
	expect(status).toBe(1);
	expect(stderr).toMatch(/^clef-agent: Node's inspector is open/m);
});
