import type { Secrets } from "@clef-sh/core";
import { ManualClock } from "@clef-sh/testkit/clock";
import { type OtlpReceiver, startOtlpReceiver } from "@clef-sh/testkit/otlp-receiver";
import { afterEach, onTestFinished } from "vitest";
import { createTelemetry } from "../src/create-telemetry.js";
import type { Telemetry, TelemetryOptions } from "../src/telemetry.js";

/** Log records leave at once. */
export const PROMPT: TelemetryOptions["env"] = { OTEL_BLRP_SCHEDULE_DELAY: "1" };

/** Long enough that no test comes near it. */
export const DEADLINE_MS = 20_000;

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const close of open.splice(0)) await close();
});

/** A collector for one test. */
export async function receive(options?: Parameters<typeof startOtlpReceiver>[0]): Promise<OtlpReceiver> {
	const receiver = await startOtlpReceiver(options);
	open.push(() => receiver.close());
	return receiver;
}

/** Telemetry under test with what it was given. */
export interface Subject {
	readonly telemetry: Telemetry;
	readonly clock: ManualClock;
	/** Every sentence about a problem so far. */
	readonly problems: string[];
	/** Resolves once there are so many of them. */
	problem(count: number): Promise<void>;
}

/** Telemetry for one test; its clock stands still, so that only what is flushed or due at once is sent. */
export function subject(
	options: Partial<TelemetryOptions> & { readonly secrets?: () => Promise<Secrets | undefined> } = {},
): Subject {
	const clock = new ManualClock();
	const problems: string[] = [];
	const waiting: (() => void)[] = [];
	const telemetry = createTelemetry({
		serviceVersion: "1.2.3",
		instanceId: "agent-1",
		env: PROMPT,
		secrets: async () => undefined,
		observe: () => ({
			state: "not_loaded",
			ageSeconds: undefined,
			expiresInSeconds: undefined,
			ttlSeconds: 300,
		}),
		onProblem: (sentence) => {
			problems.push(sentence);
			for (const resolve of waiting.splice(0)) resolve();
		},
		clock,
		...options,
	});
	onTestFinished(async () => {
		const closing = telemetry.close(0);
		await clock.advance(0);
		await closing;
	});
	const problem = async (count: number): Promise<void> => {
		while (problems.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
	};
	return { telemetry, clock, problems, problem };
}
