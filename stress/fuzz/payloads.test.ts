import { AssertionError, ok } from "node:assert";
import { parseSecrets, type Secrets } from "@clef-sh/artifact";
import { describe, expect, it } from "vitest";
import { caseCount, stressSeed } from "../stress-settings.js";
import { payloadCase, VALUE_MARK } from "./payload-cases.js";
import { namesIn, packedIn } from "./payload-oracle.js";
import { assertPrintable } from "./printable.js";
import { runCases } from "./run-cases.js";
import { assertSecrets } from "./secrets-oracle.js";

/** A fifth of the artifacts. */
const CASES = Math.ceil(caseCount("CLEF_FUZZ_ARTIFACTS", 1_000_000) / 5);
const ENOUGH_FOR_EVERY_OUTCOME = 2_000;
const MOST_GROWTH = 256 * 1_048_576;
const SLOW_MS = 2_000;
const MAX_MESSAGE = 1_000;

/** What `parseSecrets` is to throw, and nothing else. */
class Refusal extends TypeError {}

function judge(payload: Buffer): string {
	const packed = packedIn(payload);
	const startedMs = performance.now();
	const read = secretsOrRefusal(payload);
	const tookMs = performance.now() - startedMs;
	ok(tookMs <= SLOW_MS, `it took ${Math.round(tookMs)} ms`);
	if (read instanceof Refusal) {
		ok(packed === undefined, `it refused what is a payload: ${read.message}`);
		assertPrintable(read.message, MAX_MESSAGE);
		// A mutation may have put a value where a name belongs; names are shown.
		const shown = read.message.includes(VALUE_MARK);
		ok(!shown || namesIn(payload).some((name) => name.includes(VALUE_MARK)), "a message shows a value");
		return "refused";
	}
	if (packed === undefined) throw new AssertionError({ message: "it took what is no payload" });
	assertSecrets(read, packed);
	return packed.shape;
}

function secretsOrRefusal(payload: Buffer): Secrets | Refusal {
	try {
		return parseSecrets(payload, (sentence) => new Refusal(sentence));
	} catch (error) {
		if (error instanceof Refusal) return error;
		throw new AssertionError({ message: `it threw what is no refusal: ${String(error)}` });
	}
}

const run = (seed: number, count: number) =>
	runCases(
		{ name: "payloads", warmUp: 10_000, make: payloadCase, bytesOf: (payload) => payload, judge },
		seed,
		count,
	);

describe("mutated payloads", () => {
	it("follow from the seed alone", async () => {
		const [one, again] = [await run(1, 1_000), await run(1, 1_000)];
		expect(again.digest()).toBe(one.digest());
	});

	it(`are read, ${CASES} of them, as another reader reads them`, async () => {
		const record = await run(stressSeed(), CASES);
		console.log(`${record.summary()}; digest ${record.digest()}`);
		expect(record.total).toBe(CASES);
		expect(record.growth).toBeLessThan(MOST_GROWTH);
		if (CASES < ENOUGH_FOR_EVERY_OUTCOME) return;
		expect([...record.counts.keys()].sort()).toEqual(["flat", "namespaced", "refused"]);
	});
});
