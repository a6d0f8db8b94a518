import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import { AgentProcess, type LogLine, type StartOptions } from "./agent-process.js";
import { eventually } from "./eventually.js";

/** Both modes, as `describe.each` takes them: a name and the `CLEF_AGENT_CACHE_TTL` that chooses it. */
export const MODES: readonly (readonly [string, string])[] = [
	["cached", "300"],
	["just-in-time", "0"],
];

/** What the agents of these tests serve before anything goes wrong. */
export const GOOD_SECRETS = { KEY: "the-last-good-value" };

/** An ISO date this many milliseconds from now. */
export const fromNow = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** An artifact packed a minute ago: newer ones can be made, and none is from the future. */
export const goodArtifact = (): Promise<Buffer> =>
	sealArtifact({ secrets: GOOD_SECRETS, packedAt: fromNow(-60_000) });

type Refusal = "fetch.failed" | "artifact.invalid";

/** An agent on an http server that can turn bad, and what tells whether it minds. */
export interface TransportStage {
	readonly agent: AgentProcess;
	readonly server: TestServer;
	/** Answers with the good artifact, and with 304 to whoever has it. */
	readonly good: Behaviour;
	/** The good artifact's bytes. */
	readonly bytes: Buffer;
	/** What the agent was started with. */
	readonly env: Readonly<Record<string, string>>;
}

/** Starts a server with a good artifact and an agent that serves it, with its log at debug. */
export async function transportStage(
	env: Readonly<Record<string, string>>,
	options: StartOptions & { readonly path?: string } = {},
): Promise<TransportStage> {
	const bytes = await goodArtifact();
	const good = behaviours.ok(bytes);
	const server = await startedServer(good);
	const all = {
		CLEF_AGENT_SOURCE: `${server.url}${options.path ?? "/artifact.json"}`,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_LOG_LEVEL: "debug",
		...env,
	};
	const agent = await AgentProcess.ready(all, options);
	return { agent, server, good, bytes, env: all };
}

/** A server that ends with the test. */
export async function startedServer(...first: readonly Behaviour[]): Promise<TestServer> {
	const server = await startServer(...first);
	onTestFinished(() => server.close());
	return server;
}

/** Waits for an event in the log that was not among its first `seen` lines. */
export function loggedSince(agent: AgentProcess, seen: number, event: string): Promise<LogLine> {
	return eventually(`${event} in the log`, () => agent.log.slice(seen).find((line) => line.event === event));
}

/** Lets one refresh meet a bad answer, and resolves with what the log says of it. */
export async function refused(
	{ agent, server }: Pick<TransportStage, "agent" | "server">,
	bad: Behaviour,
	event: Refusal = "fetch.failed",
): Promise<LogLine> {
	const seen = agent.log.length;
	server.respondWith(bad);
	agent.signal("SIGHUP");
	return loggedSince(agent, seen, event);
}

/** Asserts that exactly the last good secrets are served, and that the agent calls itself ready. */
export async function expectUnharmed(agent: AgentProcess, secrets: unknown = GOOD_SECRETS): Promise<void> {
	expect(await agent.secrets()).toEqual(secrets);
	expect((await agent.get("/v1/ready")).status).toBe(200);
}

/** Refreshes until the agent has read its source without trouble. */
export async function recovers({ agent, server, good }: TransportStage): Promise<void> {
	server.respondWith(good);
	agent.signal("SIGHUP");
	await eventually("recovery", async () => {
		const { lastError, state } = (await agent.get("/v1/health")).json();
		return state === "ready" && lastError === null;
	});
}

/** Lets one refresh meet a bad answer, which must be refused with this code, and then the good one again. */
export async function survives(
	stage: TransportStage,
	bad: Behaviour,
	code: string,
	event: Refusal = "fetch.failed",
): Promise<LogLine> {
	const { agent } = stage;
	const failure = await refused(stage, bad, event);
	expect(failure).toMatchObject({ code });
	await expectUnharmed(agent);
	expect((await agent.get("/v1/health")).json()).toMatchObject({ state: "ready", lastError: { code } });
	await recovers(stage);
	await expectUnharmed(agent);
	return failure;
}
