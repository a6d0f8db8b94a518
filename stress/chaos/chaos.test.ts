import { startServer } from "@clef-sh/testkit/servers";
import { expect, onTestFinished, test } from "vitest";
import { caseCount, stressSeed } from "../stress-settings.js";
import { EpisodeFailure, liveThrough, newRecord } from "./episode.js";
import type { ChaosWorld } from "./world.js";

const seed = stressSeed();
const wanted = caseCount("CLEF_CHAOS_STEPS", 10_000);
const only = process.env.CLEF_CHAOS_EPISODE;

test("A1–A9 T17–T27 D35 D37 whatever happens in whatever order, only the right secrets are served", async () => {
	console.log(`chaos: seed ${seed}`);
	const started = performance.now();
	const record = newRecord(seed);
	const tally = { valuesChecked: 0, refusalsChecked: 0, restarts: 0, reads: 0 };
	let world: ChaosWorld | undefined;
	let number = 0;
	const server = await startServer((request, response) => {
		const process = Number(/process=(\d+)/.exec(request.url ?? "")?.[1]);
		if (world === undefined) response.destroy();
		else world.serve(process, request, response);
	});
	onTestFinished(() => server.close());
	const rejections = watchRejections();
	const nextNumber = () => {
		number += 1;
		return number;
	};
	const enter = (entered: ChaosWorld) => {
		world = entered;
	};
	const run = { server, tally, nextNumber, enter };

	const first = Number(only ?? 0);
	for (let episode = first; record.steps < wanted; episode += 1) {
		await liveThrough(episode, wanted - record.steps, record, run);
		if (rejections.length > 0) throw new EpisodeFailure(`episode ${episode}: ${rejections.join("; ")}`);
		if (only !== undefined) break;
	}

	const kinds = [...record.kinds].sort().map(([name, count]) => `${name} ${count}`);
	const seconds = ((performance.now() - started) / 1000).toFixed(1);
	const { reads, refusalsChecked, restarts, valuesChecked } = tally;
	console.log(
		`chaos: seed ${seed}, episodes ${record.episodes}, steps ${record.steps} (${kinds.join(", ")}), ` +
			`values checked ${valuesChecked}, refusals checked ${refusalsChecked}, reads ${reads}, ` +
			`restarts ${restarts}, digest ${record.digest.digest("hex").slice(0, 16)}, ${seconds} s`,
	);
	expect(valuesChecked).toBeGreaterThan(record.steps / 4);
});

/** What nobody caught anywhere in the process while the test ran. */
function watchRejections(): string[] {
	const rejections: string[] = [];
	const note = (reason: unknown) => void rejections.push(`nobody caught ${String(reason)}`);
	process.on("unhandledRejection", note);
	onTestFinished(() => void process.off("unhandledRejection", note));
	return rejections;
}
