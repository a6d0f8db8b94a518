import { describe, expect, it } from "vitest";
import { caseCount, stressSeed } from "../stress-settings.js";
import { artifactCase } from "./artifact-cases.js";
import { ACCEPTED, judgeArtifact, REFUSALS, REVOKED } from "./artifact-oracle.js";
import { appliedPolicies } from "./artifact-policies.js";
import { artifactSeeds } from "./artifact-seeds.js";
import { runCases } from "./run-cases.js";

const CASES = caseCount("CLEF_FUZZ_ARTIFACTS", 1_000_000);
/** Enough for the rarest outcome to turn up. */
const ENOUGH_FOR_EVERY_OUTCOME = 20_000;
const MOST_GROWTH = 256 * 1_048_576;

const seeds = artifactSeeds();
const policies = appliedPolicies(seeds);

const run = (seed: number, count: number) =>
	runCases(
		{
			name: "artifacts",
			warmUp: 10_000,
			make: (from, index) => artifactCase(seeds, policies, from, index),
			bytesOf: ({ body }) => body,
			judge: ({ body, applied }) => judgeArtifact(body, applied),
		},
		seed,
		count,
	);

describe("mutated artifacts", () => {
	it("start from artifacts that are taken exactly where their signature and the policy say so", () => {
		for (const applied of policies) {
			for (const seed of seeds.filter(({ name }) => name !== "revoked")) {
				const outcome = judgeArtifact(seed.bytes, applied);
				const expected = applied.passes.has(seed.text);
				expect([applied.name, seed.name, outcome === ACCEPTED]).toEqual([applied.name, seed.name, expected]);
			}
		}
	});

	it("follow from the seed alone", async () => {
		const [one, again, other] = [await run(1, 3_000), await run(1, 3_000), await run(2, 3_000)];
		expect(again.digest()).toBe(one.digest());
		expect(other.digest()).not.toBe(one.digest());
	});

	it(`are refused, ${CASES} of them, unless they are what was signed`, async () => {
		const record = await run(stressSeed(), CASES);
		console.log(`${record.summary()}; digest ${record.digest()}`);
		expect(record.total).toBe(CASES);
		expect(record.growth).toBeLessThan(MOST_GROWTH);
		if (CASES < ENOUGH_FOR_EVERY_OUTCOME) return;
		expect([...record.counts.keys()].sort()).toEqual([ACCEPTED, REVOKED, ...REFUSALS].sort());
	});
});
