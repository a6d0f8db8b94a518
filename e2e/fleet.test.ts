import { readFileSync } from "node:fs";
import { createAgent, type Source, SourceError } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { expect, it } from "vitest";
// @boundaries-ignore what the published figures come from is tested here too
import { Fleet } from "../benchmarks/fleet/fleet.js";
// @boundaries-ignore what the published figures come from is tested here too
import { live, SEED } from "../benchmarks/fleet/life.js";
// @boundaries-ignore what the published figures come from is tested here too
import { MillisecondClock } from "../benchmarks/fleet/millisecond-clock.js";
// @boundaries-ignore what the published figures come from is tested here too
import { Place } from "../benchmarks/fleet/places.js";
// @boundaries-ignore what the published figures come from is tested here too
import { randomOf } from "../benchmarks/fleet/random.js";

// The simulation in benchmarks/fleet stands for agents, and docs/fleet.md is made from its figures.

const RESULTS = new URL("../benchmarks/results/fleet.json", import.meta.url);
const AGENTS = 20;
const MINUTE_MS = 60_000;
const PAYLOAD = JSON.stringify({ KEY: "value" });

it.each(["github", "github-free-304", "s3", "http"] as const)(
	"comes to the figures that are published, for 10 and 100 agents before %s",
	async (place) => {
		const published = JSON.parse(readFileSync(RESULTS, "utf8")).lives;
		for (const agents of [10, 100]) {
			const setup = { place, agents, ttlSeconds: 300 };
			expect(published).toContainEqual(await live(setup, { until: "outage", horizonMs: 60 * MINUTE_MS }));
		}
	},
);

it.each([
	["s3", 300],
	["github", 300],
	["github", 0],
] as const)("asks %s when whole agents with the TTL %i would", async (place, ttlSeconds) => {
	const simulated = await simulatedRequests(place, ttlSeconds);
	const real = await realRequests(place, ttlSeconds);
	expect(real.length).toBeGreaterThan(AGENTS * 30);
	expect(real).toEqual(simulated);
});

/** When the agents of a simulated fleet ask, as they start, run and lose their source for a while. */
async function simulatedRequests(name: "s3" | "github", ttlSeconds: number): Promise<string[]> {
	const { clock, place, asked } = stage(name);
	const fleet = new Fleet({ agents: AGENTS, ttlSeconds, place, clock, seed: SEED });
	fleet.start(1_000);
	await pass(clock, place);
	return asked;
}

/** When whole agents ask, each started at the moment at which the simulated one starts. */
async function realRequests(name: "s3" | "github", ttlSeconds: number): Promise<string[]> {
	const { clock, place, asked } = stage(name);
	const source = await sourceAt(place, clock);
	const startOf = randomOf(SEED, -1);
	for (let agent = 0; agent < AGENTS; agent += 1) {
		clock.setTimeout(
			() => {
				void createAgent({
					source,
					decryptor: { decrypt: async () => Buffer.from(PAYLOAD) },
					ttlSeconds,
					firstLoad: "background",
					clock,
					random: randomOf(SEED, agent),
				});
			},
			Math.floor(startOf() * 1_000),
		);
	}
	await pass(clock, place);
	return asked;
}

/** A place that notes when it is asked, and asks for a minute's rest in every seventh second. */
class NotingPlace extends Place {
	readonly asked: string[] = [];

	override ask(nowMs: number, heldRevision: number) {
		this.asked.push(`${nowMs} ms, revision ${heldRevision}`);
		const answer = super.ask(nowMs, heldRevision);
		const rests = !this.isDown && Math.floor(nowMs / 1_000) % 7 === 6;
		return rests ? { kind: "refused" as const, afterMs: 50, retryAfterMs: MINUTE_MS } : answer;
	}
}

function stage(name: "s3" | "github") {
	const place = new NotingPlace(name);
	return { clock: new MillisecondClock(), place, asked: place.asked };
}

/** Ten minutes up, with a new revision halfway; fifteen down; ten up again. */
async function pass(clock: MillisecondClock, place: NotingPlace): Promise<void> {
	await clock.run(5 * MINUTE_MS);
	place.revision += 1;
	await clock.run(10 * MINUTE_MS);
	place.isDown = true;
	await clock.run(25 * MINUTE_MS);
	place.isDown = false;
	await clock.run(35 * MINUTE_MS);
	// Agents that ask in the same millisecond may do so in any order.
	place.asked.sort();
}

/** The place as a source of whole agents. */
async function sourceAt(place: NotingPlace, clock: MillisecondClock): Promise<Source> {
	const bodies = [await sealed(1), await sealed(2)];
	return {
		type: "http",
		description: "https://secrets.example/artifact",
		read: async (validator) => {
			const { revision } = place;
			const answer = place.ask(clock.monotonic(), Number(validator?.etag ?? 0));
			await new Promise<void>((resolve) => void clock.setTimeout(resolve, answer.afterMs));
			if (answer.kind === "unmodified") return { kind: "unmodified" };
			const bytes = bodies[revision - 1];
			if (answer.kind === "modified" && bytes !== undefined)
				return { kind: "modified", bytes, validator: { etag: String(revision) } };
			throw new SourceError("SOURCE_UNREACHABLE", "The place did not answer.", {
				retryAfterMs: answer.retryAfterMs,
			});
		},
	};
}

function sealed(revision: number): Promise<Buffer> {
	return sealArtifact({ revision: `r${revision}`, signingKey: false });
}
