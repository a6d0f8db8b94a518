import { setTimeout as pause } from "node:timers/promises";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours, startServer, type TestServer } from "@clef-sh/testkit/servers";
import type { Exit, LogLine, ServedAgent } from "../served-agent.js";
import { startSoakAgent, type Usage, usageOf } from "./agent.js";
import type { Tally } from "./client.js";
import { nowMs } from "./http.js";
import { SoakLoad } from "./load.js";
import { LAST_REVISION, revisionContent, revisionName } from "./revision.js";

const CONNECTIONS = 32;
const ROTATE_EVERY_MS = 1_000;
/** A source over a network answers with what it had when the request came, this much later. */
const SOURCE_DELAY_MS = 50;
const LAST_WITHIN_MS = 10_000;
/** Puts come a little early or late by turns, so that some meet the agent's own poll, once a second, under way. */
const SHIFTS_MS = [0, 70, 10, 130, 40, 100, 5, 160, 20, 115];

/** One soak: how the agent caches, and for how long it is under load. */
export interface SoakOptions {
	/** `CLEF_AGENT_CACHE_TTL`; 0 is just-in-time. */
	readonly ttlSeconds: number;
	readonly seconds: number;
}

/** What one soak showed. */
export interface SoakResult {
	/** Under load, until the agent was told to stop. */
	readonly seconds: number;
	readonly tally: Tally;
	/** The first failures, one sentence each. */
	readonly failures: readonly string[];
	/** From the put of each artifact to the first answer made of it; undefined where none was seen. */
	readonly rotationMs: readonly (number | undefined)[];
	/** The agent's process, once a second; empty where the system does not tell. */
	readonly usage: readonly Usage[];
	readonly log: readonly LogLine[];
	readonly stderr: string;
	readonly exit: Exit;
	/** Requests that were under way when the agent was told to stop, and got no answer. */
	readonly abandoned: number;
}

/** Puts one artifact after the other before a loaded agent, and stops it while the load is still on. */
export async function soak({ ttlSeconds, seconds }: SoakOptions): Promise<SoakResult> {
	await using source = await rotatingSource();
	const agent = await startSoakAgent(`${source.server.url}/packed.json`, ttlSeconds);
	const load = new SoakLoad(agent.port, CONNECTIONS);
	try {
		const startedMs = nowMs();
		const { putMs, usage } = await rotate(source, agent, load, seconds * 1000);
		await load.enter("light");
		await putLast(source, agent, load);
		await load.enter("agentStops");
		const elapsedMs = nowMs() - startedMs;
		const signalledMs = nowMs();
		const exit = await agent.stop();
		const tally = await load.finished();
		return {
			seconds: elapsedMs / 1000,
			tally,
			failures: load.failures,
			rotationMs: putMs.map((put, index) => latency(put, load.firstServedMs.get(index + FIRST + 1))),
			usage,
			log: agent.logLines,
			stderr: agent.log,
			exit,
			abandoned: tally.unansweredSentMs.filter((sentMs) => sentMs < signalledMs).length,
		};
	} finally {
		load.kill();
		agent.signal("SIGKILL");
	}
}

/** The revision the agent starts with. */
const FIRST = 1;

/** Rotates until the time is over, or something is wrong. */
async function rotate(source: RotatingSource, agent: ServedAgent, load: SoakLoad, forMs: number) {
	const startedMs = nowMs();
	const putMs: number[] = [];
	const usage: Usage[] = [];
	for (let turn = 1; turn * ROTATE_EVERY_MS < forMs && !load.hasFailed; turn += 1) {
		const put = await source.prepare(FIRST + turn);
		const shiftMs = SHIFTS_MS[turn % SHIFTS_MS.length] ?? 0;
		await pause(Math.max(0, startedMs + turn * ROTATE_EVERY_MS + shiftMs - nowMs()));
		const used = usageOf(agent);
		if (used !== undefined) usage.push(used);
		put();
		putMs.push(nowMs());
		agent.signal("SIGHUP");
	}
	// The last one gets as long to arrive as the others had.
	await pause(ROTATE_EVERY_MS);
	return { putMs, usage };
}

/** Puts the artifact that makes the answers under way at the end long ones. */
async function putLast(source: RotatingSource, agent: ServedAgent, load: SoakLoad): Promise<void> {
	const put = await source.prepare(LAST_REVISION);
	put();
	agent.signal("SIGHUP");
	const deadlineMs = nowMs() + LAST_WITHIN_MS;
	while (!load.firstServedMs.has(LAST_REVISION) && !load.hasFailed) {
		if (nowMs() > deadlineMs) throw new RangeError("the last artifact was not served in time");
		await pause(20);
	}
}

interface RotatingSource extends AsyncDisposable {
	readonly server: TestServer;
	/** Packs a revision; the function puts it in place. */
	prepare(revision: number): Promise<() => void>;
}

async function rotatingSource(): Promise<RotatingSource> {
	let packedAtMs = 0;
	const sealed = async (revision: number) => {
		packedAtMs = Math.max(Date.now(), packedAtMs + 1);
		const bytes = await sealArtifact({
			secrets: revisionContent(revision).secrets,
			revision: revisionName(revision),
			packedAt: new Date(packedAtMs).toISOString(),
		});
		return afterDelay(behaviours.ok(bytes));
	};
	const server = await startServer(await sealed(FIRST));
	return {
		server,
		prepare: async (revision) => {
			const behaviour = await sealed(revision);
			return () => server.respondWith(behaviour);
		},
		[Symbol.asyncDispose]: () => server.close(),
	};
}

function afterDelay(behaviour: Behaviour): Behaviour {
	return (request, response) => void setTimeout(() => behaviour(request, response), SOURCE_DELAY_MS);
}

function latency(putMs: number, servedMs: number | undefined): number | undefined {
	return servedMs === undefined ? undefined : servedMs - putMs;
}
