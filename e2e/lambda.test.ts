import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { TOKEN } from "./agent-process.js";
import { packedAt } from "./aws-kms-stage.js";
import { eventually } from "./eventually.js";
import { lambdaStage } from "./lambda-stage.js";
import { itWith } from "./part.js";
import { faketime, type SteeredClock, steeredClock } from "./steered-clock.js";

const HOURS_MS = 7_200_000;
const [ONE, TWO, THREE] = ["one", "two", "three"].map((name) => ({ PASSWORD: `the-password-${name}` }));

type Sealed = "age" | "KMS";

/** How artifacts are sealed, and the variables that open them. */
async function sealing(kind: Sealed, now: () => number) {
	if (kind === "age") {
		const seal = (minute: number, secrets: unknown) =>
			sealArtifact({ revision: `r${minute}`, packedAt: packedAt(minute), secrets });
		return { seal, env: {}, kms: undefined };
	}
	const kms = await AwsKmsServer.start({ now });
	onTestFinished(() => kms.close());
	kms.credentials = { ...kms.credentials, sessionToken: TOKEN };
	const key = kms.key();
	const wrap = (dataKey: Uint8Array) => encryptWith(key, dataKey);
	const seal = (minute: number, secrets: unknown) =>
		sealEnvelope({
			provider: "aws",
			keyId: key.arn,
			wrap,
			revision: `r${minute}`,
			packedAt: packedAt(minute),
			secrets,
		});
	return { seal, env: kms.environment(), kms };
}

/** An environment that reads its artifact from a server, with clocks that a test can set. */
async function environment(ttl: string, kind: Sealed, clock: SteeredClock) {
	const { seal, env, kms } = await sealing(kind, clock.now);
	const source = await startServer(behaviours.ok(await seal(1, ONE)));
	onTestFinished(() => source.close());
	const stage = await lambdaStage(
		{
			CLEF_AGENT_SOURCE: source.url,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_CACHE_TTL: ttl,
			...clock.env,
			...env,
		},
		{ withoutAgeKey: kind === "KMS", api: { now: clock.now } },
	);
	return { ...stage, kms, seal, source };
}

describe.each([
	["300", "age"],
	["0", "age"],
	["300", "KMS"],
	["0", "KMS"],
] as const)("the extension at a TTL of %s with an artifact sealed by %s", (ttl, kind) => {
	itWith(faketime)(
		"D40 lives from cold start to shutdown, through a rotation and a freeze of hours",
		async () => {
			const clock = steeredClock("all");
			const { runtime, agent, invoke, shutdown, kms, seal, source } = await environment(ttl, kind, clock);

			// Cold start: what the function's first line reads is there.
			expect(await runtime.registered()).toMatchObject({
				name: "clef-agent",
				events: ["INVOKE", "SHUTDOWN"],
			});
			expect(await agent.secrets()).toEqual(ONE);
			expect(await invoke()).toEqual(ONE);

			// A rotation while the function is in use, seen at the next refresh that is due.
			source.respondWith(behaviours.ok(await seal(2, TWO)));
			clock.leap(30_000);
			await invoke();
			expect(await invoke()).toEqual(TWO);

			// A freeze past the TTL, in which the artifact is rotated again: the first answer is the new one.
			agent.signal("SIGSTOP");
			source.respondWith(behaviours.ok(await seal(3, THREE)));
			clock.leap(HOURS_MS);
			agent.signal("SIGCONT");
			expect(await invoke()).toEqual(THREE);

			expect(await shutdown()).toMatchObject({ status: 0, signal: null });
			expect(agent.log.at(-1)).toMatchObject({ level: "INFO", event: "agent.stopped" });
			expect(agent.log.filter(({ level }) => level === "ERROR")).toEqual([]);
			expect(runtime.errors).toEqual([]);
			if (kms !== undefined) expect(kms.operations.length).toBeGreaterThanOrEqual(3);
		},
	);
});

describe.each(["300", "0"])("the extension at a TTL of %s", (ttl) => {
	itWith(faketime)("D40 counts the time in which a paused machine's own clocks stood still", async () => {
		const clock = steeredClock("wall");
		const { agent, invoke, seal, source } = await environment(ttl, "age", clock);
		expect(await invoke()).toEqual(ONE);
		agent.signal("SIGSTOP");
		source.respondWith(behaviours.ok(await seal(2, TWO)));
		clock.leap(HOURS_MS);
		agent.signal("SIGCONT");
		expect(await invoke()).toEqual(TWO);
	});

	itWith(faketime)(
		"D40 serves nothing stale after a freeze while the source is down, and recovers",
		async () => {
			const clock = steeredClock("all");
			const { agent, invoke, seal, source } = await environment(ttl, "age", clock);
			expect(await invoke()).toEqual(ONE);
			agent.signal("SIGSTOP");
			source.respondWith(behaviours.status(503));
			clock.leap(HOURS_MS);
			agent.signal("SIGCONT");
			expect(await invoke()).toMatchObject({ status: 503, reason: "cache_expired" });
			source.respondWith(behaviours.ok(await seal(2, TWO)));
			clock.leap(HOURS_MS);
			expect(await invoke()).toEqual(TWO);
		},
	);

	itWith(faketime)("D40 begins a read anew that a freeze has cut, whoever asks first", async () => {
		const clock = steeredClock("all");
		const { agent, runtime, invoke, seal, source } = await environment(ttl, "age", clock);
		expect(await invoke()).toEqual(ONE);
		for (const [minute, secrets] of [TWO, THREE].entries()) {
			source.respondWith(behaviours.silence());
			clock.leap(30_000);
			await (await runtime.invoke()).ended;
			agent.signal("SIGSTOP");
			source.respondWith(behaviours.ok(await seal(minute + 2, secrets)));
			clock.leap(HOURS_MS);
			agent.signal("SIGCONT");
			// Once before the event of the invocation, once after it.
			expect(minute === 0 ? await agent.secrets() : await invoke()).toEqual(secrets);
			if (minute === 0) await invoke();
		}
	});

	itWith(faketime)("D40 judges expiry by Lambda's clock where a restored one is days behind", async () => {
		const clock = steeredClock("wall", -3 * 86_400_000);
		const expiresAt = new Date(Date.now() - 3_600_000).toISOString();
		const ended = await sealArtifact({ packedAt: packedAt(1), secrets: ONE, expiresAt });
		const source = await startServer(behaviours.ok(ended));
		onTestFinished(() => source.close());
		const { runtime, agent, invoke } = await lambdaStage({
			CLEF_AGENT_SOURCE: source.url,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_CACHE_TTL: ttl,
			...clock.env,
		});
		await runtime.registered();
		expect(await agent.secrets()).toEqual(ONE);
		await invoke();
		expect(await agent.secrets()).toMatchObject({ status: 503, reason: "artifact_expired" });
	});

	it("D40 asks the source before it serves what comes from a snapshot, whatever its clocks say", async () => {
		const artifact = await sealArtifact({ packedAt: packedAt(1), secrets: ONE });
		const source = await startServer(behaviours.ok(artifact));
		onTestFinished(() => source.close());
		const { agent, runtime, invoke } = await lambdaStage({
			CLEF_AGENT_SOURCE: source.url,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_CACHE_TTL: ttl,
			AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start",
		});
		await runtime.waiting();
		source.respondWith(behaviours.status(503));
		expect(await invoke()).toMatchObject({ status: 503, reason: "cache_expired" });
		source.respondWith(behaviours.ok(artifact));
		await eventually("fresh again", async () => (await agent.get("/v1/ready")).status === 200);
		expect(await invoke()).toEqual(ONE);
	});
});
