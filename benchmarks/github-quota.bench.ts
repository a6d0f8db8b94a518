import { type Agent, createAgent } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { type GithubServer, startGithubServer } from "@clef-sh/testkit/github-server";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";

// How many agents one GitHub token feeds: real agents on a clock of their own share a token for one simulated hour,
// against a fake that counts as GitHub documents (5,000 requests an hour; an authorised 304 is free).

const AGENTS = 10;
const TTL_SECONDS = 300;
const HOUR_MS = 3_600_000;
const QUOTA = 5_000;
const TOKEN = "token-that-all-share";
const PATH = ".clef/packed/api/production.age.json";

it("prints what an hour costs", async () => {
	const rows: Record<string, object> = {};
	for (const changes of [0, 1, 6]) {
		const { polls, unchanged, used } = await simulateHour(changes);
		// Each agent's first load and each change it takes cost one; nothing else does.
		expect(used).toBe(AGENTS * (1 + changes));
		expect(unchanged).toBe(polls - used);
		rows[`changes in the hour: ${changes}`] = {
			polls: polls,
			"unchanged (304)": unchanged,
			"quota used by these": used - AGENTS * (1 + changes),
			"quota used in all": used,
			"agents that would use up 5,000":
				changes === 0 ? Number.POSITIVE_INFINITY : Math.floor(QUOTA / changes),
		};
	}
	console.log(
		`\n${AGENTS} agents, one GitHub token, TTL ${TTL_SECONDS} s, one hour; starting costs each agent one`,
	);
	console.table(rows);
});

/** Runs the agents for an hour in which the artifact changes that many times. */
async function simulateHour(changes: number) {
	const clock = new ManualClock();
	const server = await startGithubServer({ now: clock.now });
	server.repositories.add("acme/app");
	server.allow(TOKEN, ["acme/app"]);
	await put(server, 0);
	const agents: Agent[] = [];
	for (let n = 0; n < AGENTS; n += 1) agents.push(await startAgent(server, clock, n));
	const endMs = clock.monotonic() + HOUR_MS;
	for (let change = 1; change <= changes; change += 1) {
		await run(server, clock, endMs - HOUR_MS + (HOUR_MS * change) / (changes + 1));
		await put(server, change);
	}
	await run(server, clock, endMs - 1);
	const { costs } = server;
	const used = QUOTA - server.quotas.remaining(TOKEN);
	for (const agent of agents) await agent.close();
	await server.close();
	return { polls: costs.length, unchanged: costs.filter(({ status }) => status === 304).length, used };
}

async function put(server: GithubServer, revision: number): Promise<void> {
	const bytes = await sealArtifact({ revision: `r${revision}` });
	server.repositories.put("acme/app", PATH, { kind: "file", bytes });
}

function startAgent(server: GithubServer, clock: ManualClock, seed: number): Promise<Agent> {
	return createAgent({
		source: {
			kind: "github",
			repo: "acme/app",
			identity: "api",
			environment: "production",
			token: TOKEN,
			apiUrl: server.apiUrl,
		},
		decryptor: { ageIdentities: vectorKeys.ageSecretKey },
		ttlSeconds: TTL_SECONDS,
		clock,
		random: randomFrom(seed),
	});
}

/** Lets one agent poll after the other until then; each poll is real HTTP, so the clock waits for it. */
async function run(server: GithubServer, clock: ManualClock, untilMs: number): Promise<void> {
	for (;;) {
		const nextMs = clock.nextTimerMs ?? Number.POSITIVE_INFINITY;
		if (clock.monotonic() + nextMs > untilMs) return clock.freeze(untilMs - clock.monotonic());
		const polled = server.costs.length;
		await clock.advance(nextMs);
		// Between polls each agent has one timer; during one it has its deadlines instead.
		while (server.costs.length === polled || clock.pendingTimers !== AGENTS) {
			await new Promise<void>((resolve) => setImmediate(resolve));
		}
	}
}

/** The same numbers in every run (a linear congruential generator). */
function randomFrom(seed: number): () => number {
	let state = (seed + 1) * 2_654_435_761;
	return () => {
		state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
		return state / 4_294_967_296;
	};
}
