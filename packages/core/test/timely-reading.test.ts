import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import { held, ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AgentOptions, createAgent } from "../src/index.js";
import { timelyReading } from "../src/timely-reading.js";

const never = () => new Promise<string>(() => undefined);

describe("timelyReading", () => {
	it("gives what was read, and leaves no timer behind", async () => {
		const clock = new ManualClock();
		await expect(timelyReading(async () => "text", clock)()).resolves.toBe("text");
		await expect(timelyReading(() => Promise.reject(new RangeError("x")), clock)()).rejects.toThrow(
			RangeError,
		);
		expect(clock.pendingTimers).toBe(0);
	});

	it("D38 gives up after two seconds, then at once, and does not begin a second time what still hangs", async () => {
		const clock = new ManualClock();
		const gate = held<string>();
		let begun = 0;
		const read = timelyReading(() => {
			begun += 1;
			return begun === 1 ? gate.promise : Promise.resolve("newer");
		}, clock);
		const meanwhile = [read(), read()].map((reading) =>
			expect(reading).rejects.toMatchObject({ code: "ETIMEDOUT" }),
		);
		await clock.advance(2_000);
		await Promise.all(meanwhile);
		await expect(read()).rejects.toMatchObject({ code: "ETIMEDOUT" });
		expect(begun).toBe(1);
		expect(clock.pendingTimers).toBe(0);
		gate.settle("older");
		await settle();
		await expect(read()).resolves.toBe("newer");
	});

	it("reads again after a failure", async () => {
		let begun = 0;
		const read = timelyReading(async () => {
			begun += 1;
			if (begun === 1) throw new RangeError("x");
			return "text";
		}, new ManualClock());
		await expect(read()).rejects.toThrow(RangeError);
		await expect(read()).resolves.toBe("text");
	});
});

describe.each([300, 0])("an agent whose files of keys and tokens hang, at a TTL of %i", (ttlSeconds) => {
	/** What it is to read again hangs whenever it is asked for. */
	const start = async (options: Partial<AgentOptions>) => {
		const clock = new ManualClock();
		const source = new ScriptedSource(await sealArtifact());
		const agent = await createAgent({
			source,
			clock,
			decryptor: { ageIdentities: vectorKeys.ageSecretKey },
			verifyKeys: vectorKeys.ed25519PublicKey,
			firstLoad: "background",
			ttlSeconds,
			...options,
		});
		onTestFinished(() => agent.close());
		return { agent, clock };
	};

	it.each<[string, Partial<AgentOptions>]>([
		["verify keys", { rereadVerifyKeys: never }],
		[
			"age identities",
			{ decryptor: { ageIdentities: never, initialAgeIdentities: vectorKeys.ageSecretKey } },
		],
	])("D38 goes on with the %s that it has", async (_, options) => {
		const { agent, clock } = await start(options);
		const refreshing = agent.refresh();
		await clock.advance(2_000);
		await expect(refreshing).resolves.toMatchObject({ kind: "replaced" });
		const open = async () => (await agent.open()).body("packed")?.toString();
		const opening = open();
		await clock.advance(2_000);
		expect(await opening).toBe('{"KEY":"value"}');
		// Whoever comes later waits no more.
		expect(await open()).toBe('{"KEY":"value"}');
		expect(agent.status()).toMatchObject({ state: "ready", lastError: null });
	});

	it("D38 goes on with the token that it has", async () => {
		const server = await startServer(behaviours.ok(await sealArtifact()));
		onTestFinished(() => server.close());
		const options = { kind: "http", url: server.url, token: "token", rereadToken: never } as const;
		const { agent, clock } = await start({ source: options });
		const refreshing = agent.refresh();
		await clock.advance(2_000);
		await expect(refreshing).resolves.toMatchObject({ kind: "replaced" });
		expect(server.requests[0]?.headers.authorization).toBe("Bearer token");
	});
});
