import { createAgent } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { type Exchange, startFaultProxy } from "@clef-sh/testkit/fault-proxy";
import { PLACES } from "@clef-sh/testkit/places";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it, vi } from "vitest";

// What one poll takes on the wire, measured between the agent and a fake of each place. Bytes are those of the
// answers, heads included; real hosts send more headers than the fakes do.

interface Cost {
	readonly requests: number;
	readonly bytes: number;
}

const secrets = Object.fromEntries(
	Array.from({ length: 20 }, (_, n) => [`KEY_${n}`, `value-${n}-${"x".repeat(40)}`]),
);

/** The artifact of a small service. */
const artifactOf = (revision: string) => sealArtifact({ secrets, revision });

it("prints requests and bytes per poll", async () => {
	const [first, second] = [await artifactOf("r1"), await artifactOf("r2")];
	const rows: Record<string, object> = {};
	for (const [kind, start] of Object.entries(PLACES)) {
		const place = await start();
		const meter = await startFaultProxy(place.origin);
		for (const [name, value] of Object.entries(place.environmentAt(meter.url))) vi.stubEnv(name, value);
		place.hold(first);
		const agent = await createAgent({
			source: place.optionsAt(meter.url),
			decryptor: { ageIdentities: vectorKeys.ageSecretKey },
			clock: new ManualClock(Date.now()),
		});
		const measure = async (outcome: string): Promise<Cost> => {
			const before = meter.exchanges.length;
			expect(await agent.refresh()).toMatchObject({ kind: outcome });
			return costOf(meter.exchanges.slice(before));
		};
		const unchanged = await measure("confirmed");
		place.hold(second);
		const changed = await measure("replaced");
		expect(await measure("confirmed")).toEqual(unchanged);
		rows[kind] = row(unchanged, changed, second.length);
		await agent.close();
		await meter.close();
		await place.close();
		vi.unstubAllEnvs();
	}
	console.log(`\nOne poll of an artifact of ${second.length} bytes; bytes as part of its size`);
	console.table(rows);
});

function costOf(exchanges: readonly Exchange[]): Cost {
	const bytes = exchanges.reduce((sum, { responseBytes }) => sum + responseBytes, 0);
	return { requests: exchanges.length, bytes };
}

function row(unchanged: Cost, changed: Cost, size: number): object {
	const part = ({ bytes }: Cost) => Math.round((100 * bytes) / size) / 100;
	return {
		"unchanged: requests": unchanged.requests,
		bytes: unchanged.bytes,
		"of the artifact": part(unchanged),
		"changed: requests": changed.requests,
		"bytes ": changed.bytes,
		"of the artifact ": part(changed),
	};
}
