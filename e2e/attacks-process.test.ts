import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { behaviours, stream } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { beforeAll, describe, expect, it } from "vitest";
import { AgentProcess, type Exit } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { answersIn, authorised, dial, drained } from "./raw-request.js";
import { temporaryFolder } from "./temporary-folder.js";
import {
	expectUnharmed,
	fromNow,
	GOOD_SECRETS,
	goodArtifact,
	MODES,
	startedServer,
	transportStage,
} from "./transport-stage.js";

const PATIENCE_MS = 5_000;

/** Many more bytes than the system takes for a client that does not read. */
const BIG_SECRETS = Object.fromEntries(
	Array.from({ length: 8 }, (_, index) => [`BIG_${index}`, String(index % 10).repeat(900_000)]),
);

let bigArtifact: Buffer;
beforeAll(async () => {
	bigArtifact = await sealArtifact({ secrets: BIG_SECRETS });
});

/** Asserts an end in good order and in time, after which nothing decrypted was left. */
function expectOrderly(exit: Exit, agent: AgentProcess, withinMs = PATIENCE_MS): void {
	expect({ ...exit, afterMs: 0 }, agent.stderr).toEqual({ status: 0, signal: null, afterMs: 0 });
	expect(exit.afterMs).toBeLessThan(withinMs);
	expect(agent.log.at(-1)).toMatchObject({ event: "agent.stopped" });
}

describe.each(MODES)("%s", (_, ttl) => {
	const env = (source: string) => ({
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_CACHE_TTL: ttl,
		CLEF_AGENT_LOG_LEVEL: "debug",
	});

	it("D36 SIGTERM at any point of the start ends it with status 0", async () => {
		const server = await startedServer(behaviours.ok(await goodArtifact()));
		const cachePath = join(temporaryFolder(), "cache");
		for (const event of ["agent.started", "listening", "artifact.refreshed"]) {
			// The first start fills the directory, and the others are restored from it.
			const agent = await AgentProcess.spawn({ ...env(server.url), CLEF_AGENT_CACHE_PATH: cachePath });
			await agent.logged(event);
			expectOrderly(await agent.stop(), agent);
		}
	});

	it("D36 SIGTERM during a poll that hangs ends it, and the request with it", async () => {
		for (const hang of [behaviours.silence(), behaviours.hangAfterHeaders(), behaviours.endless()]) {
			const { agent, server } = await transportStage({ CLEF_AGENT_CACHE_TTL: ttl });
			const hungUp = server.nextHangUp();
			const seen = server.requests.length;
			server.respondWith(hang);
			agent.signal("SIGHUP");
			await eventually("the request", () => server.requests.length > seen);
			expectOrderly(await agent.stop(), agent);
			await hungUp;
		}
	});

	it("D36 SIGTERM while a KMS keeps a decryption waiting ends it", async () => {
		const kms = await startedServer(behaviours.silence());
		const keyId = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
		const wrap = (key: Uint8Array) => key;
		const server = await startedServer(behaviours.ok(await sealEnvelope({ provider: "aws", keyId, wrap })));
		const agent = await AgentProcess.listening({
			...env(server.url),
			AWS_ENDPOINT_URL_KMS: kms.url,
			AWS_REGION: "eu-central-1",
			AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
			AWS_SECRET_ACCESS_KEY: "secret-access-key-of-the-test",
		});
		if (ttl === "0") {
			await agent.logged("artifact.refreshed");
			const socket = await dial(agent.port);
			socket.write(authorised("GET /v1/secrets HTTP/1.1"));
		}
		await eventually("a Decrypt", () => kms.requests.length > 0);
		expectOrderly(await agent.stop(), agent);
	});

	it("D36 SIGTERM under load ends it, and every answer that began is whole", async () => {
		const { agent } = await transportStage({ CLEF_AGENT_CACHE_TTL: ttl });
		const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(agent.port)));
		const received = sockets.map(drained);
		const kept = authorised("GET /v1/secrets HTTP/1.1").replace("Connection: close\r\n", "");
		for (const socket of sockets) socket.write(kept.repeat(20));
		await eventually("first answers", () => sockets.some(({ bytesRead }) => bytesRead > 0));
		expectOrderly(await agent.stop(), agent);
		const bytes = await Promise.all(received);
		const answers = bytes.flatMap(answersIn);
		expect(answers.length).toBeGreaterThan(0);
		for (const { status, body } of answers) {
			expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: GOOD_SECRETS });
		}
		for (const each of bytes) expect(each.toString()).toMatch(/^$|\}$/);
	});

	/** An agent in the middle of an answer that nobody reads, so that it soon cannot send any more. */
	async function unread() {
		const server = await startedServer(behaviours.ok(bigArtifact));
		const agent = await AgentProcess.ready(env(server.url));
		const socket = await dial(agent.port);
		socket.write(authorised("GET /v1/secrets HTTP/1.1"));
		await eventually("the first bytes", () => socket.bytesRead > 0);
		return { agent, socket };
	}

	it("D36 SIGTERM waits for a reader that is slow", async () => {
		const { agent, socket } = await unread();
		const ended = agent.stop();
		await agent.logged("agent.stopping");
		const [answer] = answersIn(await drained(socket));
		expect(JSON.parse(answer?.body ?? "null")).toEqual(BIG_SECRETS);
		expectOrderly(await ended, agent);
	});

	it("D36 SIGTERM waits for a reader that has stopped, but not for long, and not when told twice", async () => {
		const [stopped, twice] = [await unread(), await unread()];
		const patient = stopped.agent.stop();
		twice.agent.signal("SIGTERM");
		await twice.agent.logged("agent.stopping");
		const { status, signal, afterMs } = await twice.agent.stop();
		expect({ status, signal }).toEqual({ status: 0, signal: null });
		expect(afterMs).toBeLessThan(2_000);
		// That it waited at all shows that the answer was still on its way.
		expect((await patient).afterMs).toBeGreaterThan(2_000);
		expectOrderly(await patient, stopped.agent);
	});

	it("D37 a storm of SIGHUP during a slow read costs one more read, which finds what was published", async () => {
		const { agent, bytes, server } = await transportStage({ CLEF_AGENT_CACHE_TTL: ttl });
		const slow = stream();
		const next = { secrets: { KEY: "published-during-the-read" }, packedAt: fromNow(-1_000), revision: "r2" };
		const before = server.requests.length;
		server.respondWith(slow.behaviour);
		agent.signal("SIGHUP");
		await eventually("the slow read", () => server.requests.length === before + 1);
		await slow.send(bytes.subarray(0, 100));
		const published = behaviours.ok(await sealArtifact(next));
		server.respondWith(published);
		const seen = agent.log.length;
		for (let sent = 0; sent < 200; sent += 1) agent.signal("SIGHUP");
		await eventually("a SIGHUP", () => agent.log.length > seen);
		await expectUnharmed(agent);
		expect(server.requests).toHaveLength(before + 1);
		const finishedAt = performance.now();
		// What the slow read ends with is good, so that no failure hastens what comes next.
		await slow.send(bytes.subarray(100));
		await slow.end();
		await agent.serves(next.secrets);
		// The next poll would come after 4.5 seconds at the earliest.
		expect(performance.now() - finishedAt).toBeLessThan(4_000);
		expect(server.requests.length - before).toBeLessThanOrEqual(3);
	});

	it("D37 a storm of SIGHUP during a read that fails costs one more read, which recovers", async () => {
		const { agent, good, server } = await transportStage({ CLEF_AGENT_CACHE_TTL: ttl });
		const failing = stream();
		const before = server.requests.length;
		server.respondWith(failing.behaviour, good);
		for (let sent = 0; sent < 300; sent += 1) agent.signal("SIGHUP");
		await eventually("the request", () => server.requests.length > before);
		await expectUnharmed(agent);
		expect(server.requests).toHaveLength(before + 1);
		await failing.send("{");
		await failing.end();
		await agent.logged("artifact.invalid", { code: "ARTIFACT_MALFORMED" });
		await agent.logged("agent.recovered");
		await expectUnharmed(agent);
		expect(server.requests.length - before).toBeLessThanOrEqual(3);
	});
});
