import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServedAgent } from "../served-agent.js";
import { caseCount, stressSeed } from "../stress-settings.js";
import { visitCase } from "./http-cases.js";
import { type Confidential, judgeVisit } from "./http-oracle.js";
import { RunRecord } from "./run-record.js";
import { visit } from "./visits.js";

const CASES = caseCount("CLEF_FUZZ_REQUESTS", 100_000);
const CONNECTIONS = 32;
const WARM_UP = 5_000;
const VISITS_PER_CHECK = 250;
const MOST_GROWTH = 64 * 1_048_576;
const ENOUGH_FOR_EVERY_STATUS = 5_000;

const TOKEN = "fuzz-token-Zk3xW9qLr7TtB2";
const SECRETS = {
	db: { PASSWORD: "fuzz-value-1f6c" },
	web: { TOKEN: "fuzz-value-2b9e", "odd/name %": "fuzz-value-3d07" },
};
const VALUES = Object.values(SECRETS).flatMap((namespace) => Object.values<string>(namespace));

let folder: string;
let agent: ServedAgent;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "clef-fuzz-"));
	const artifact = join(folder, "artifact.json");
	writeFileSync(artifact, await sealArtifact({ secrets: SECRETS }));
	agent = await ServedAgent.start({
		CLEF_AGENT_SOURCE: artifact,
		CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_TOKEN: TOKEN,
		CLEF_AGENT_LOG_LEVEL: "debug",
	});
	await agent.ready();
});

afterAll(async () => {
	await agent.stop("SIGKILL");
	rmSync(folder, { recursive: true });
});

/** Visits the agent until it has been sent this many requests, over so many connections at once. */
class Siege {
	readonly record: RunRecord;
	readonly #seed: number;
	readonly #confidential: Confidential;
	#visits = 0;
	#sent = 0;
	#answered = 0;

	constructor(seed: number) {
		this.#seed = seed;
		this.record = new RunRecord("requests", seed);
		this.#confidential = { token: TOKEN, port: agent.port, secrets: VALUES };
	}

	async run(count: number): Promise<void> {
		const lane = async (): Promise<void> => {
			while (this.#answered < count) await this.#next();
		};
		await Promise.all(Array.from({ length: CONNECTIONS }, lane));
	}

	get summary(): string {
		return `${this.record.summary()}; ${this.#sent} requests over ${this.#visits} connections`;
	}

	async #next(): Promise<void> {
		const index = this.#visits;
		this.#visits += 1;
		const planned = visitCase(this.#confidential, this.#seed, index);
		const sent = Buffer.concat(planned.pieces);
		const visited = await visit(agent.port, planned);
		try {
			const statuses = judgeVisit(sent, visited, this.#confidential);
			this.#sent += planned.requests;
			this.#answered += statuses.length;
			for (const status of statuses) this.record.add(String(status), sent);
			if (statuses.length === 0) this.record.add("unanswered", sent);
			expect(agent.isAlive).toBe(true);
			if (index % VISITS_PER_CHECK === 0) await this.#check();
		} catch (error) {
			// Whatever ended the process was sent at the same time as this case, or just before.
			const cause = agent.isAlive ? error : new RangeError(`the agent ended: ${agent.log.slice(-1_000)}`);
			throw this.record.failure(index, sent, cause);
		}
	}

	/** It still does its work, and has not grown. */
	async #check(): Promise<void> {
		expect((await agent.get("/v1/health")).status).toBe(200);
		const { text } = await agent.get("/v1/secrets", { authorization: `Bearer ${TOKEN}` });
		expect(JSON.parse(text)).toEqual(SECRETS);
		if (this.#answered >= Math.min(WARM_UP, CASES / 2)) this.record.measure(agent.residentBytes());
	}
}

describe("mutated requests", () => {
	it(`get nothing, ${CASES} of them, that they are not entitled to`, async () => {
		const siege = new Siege(stressSeed());
		await siege.run(CASES);
		console.log(siege.summary);
		for (const secret of [TOKEN, vectorKeys.ageSecretKey, ...VALUES]) expect(agent.log).not.toContain(secret);
		expect(siege.record.growth).toBeLessThan(MOST_GROWTH);
		expect(await agent.stop()).toMatchObject({ status: 0 });
		if (CASES < ENOUGH_FOR_EVERY_STATUS) return;
		const seen = [...siege.record.counts.keys()];
		expect(seen).toEqual(expect.arrayContaining(["200", "304", "400", "401", "403", "404", "405", "431"]));
	});
});
