import type { AgentReport, AgentStatus } from "@clef-sh/core";
import type {
	Attributes,
	BatchObservableResult,
	Histogram,
	Meter,
	ObservableGauge,
} from "@opentelemetry/api";
import type { PipelineOptions } from "../pipeline.js";
import { sourceKind } from "../source-kind.js";

const STATES: readonly AgentStatus["state"][] = [
	"ready",
	"not_loaded",
	"cache_expired",
	"artifact_expired",
	"revoked",
];

/** Decryption takes a millisecond where an age key opens, and a round trip where a KMS does. */
const DECRYPT_BOUNDARIES = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A refresh may wait for a source's last deadline. */
const REFRESH_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

/** Everything that is measured, but for {@link RequestDurations}. */
export class Instruments {
	readonly #refreshes: Histogram;
	readonly #decryptions: Histogram;
	readonly #kmsCalls: Histogram;
	#sourceType: Attributes = {};

	constructor(meter: Meter, options: Pick<PipelineOptions, "drops" | "observe">) {
		const duration = (name: string, description: string, explicitBucketBoundaries: number[]): Histogram =>
			meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries } });
		this.#refreshes = duration("clef.refresh.duration", "Duration of whole refreshes.", REFRESH_BOUNDARIES);
		this.#decryptions = duration("clef.decrypt.duration", "Duration of decryptions.", DECRYPT_BOUNDARIES);
		this.#kmsCalls = duration("clef.kms.duration", "Duration of calls to a KMS.", DECRYPT_BOUNDARIES);
		observeState(meter, options.observe);
		meter
			.createObservableCounter("clef.telemetry.dropped", {
				description: "Log records that did not fit or could not be delivered.",
				unit: "{record}",
			})
			.addCallback((result) => result.observe(options.drops.count));
	}

	write(event: AgentReport): void {
		switch (event.event) {
			case "agent.started":
				this.#sourceType = { "clef.source.type": sourceKind(event.sourceType) };
				break;
			case "refresh.finished":
				this.#refreshes.record(event.durationMs / 1000, {
					...this.#sourceType,
					"clef.refresh.outcome": event.outcome,
					...errorType(event.code),
				});
				break;
			case "secrets.decrypted":
				this.#decryptions.record(event.durationMs / 1000, {
					"clef.encryption": event.encryption,
					...errorType(event.code),
				});
				break;
			case "kms.called":
				this.#kmsCalls.record(event.durationMs / 1000, {
					"clef.kms.provider": event.provider,
					...errorType(event.code),
				});
				break;
			default:
		}
	}
}

function errorType(code: string | undefined): Attributes {
	return code === undefined ? {} : { "error.type": code };
}

function observeState(meter: Meter, observe: PipelineOptions["observe"]): void {
	const gauge = (name: string, description: string, unit: string): ObservableGauge =>
		meter.createObservableGauge(name, { description, unit });
	const age = gauge("clef.snapshot.age", "Time since the source last delivered or confirmed it.", "s");
	const end = gauge("clef.snapshot.time_to_expiry", "Time until the artifact's own end.", "s");
	const ttl = gauge("clef.cache.ttl", "Longest age at which it is served.", "s");
	// A unit in braces is a remark; of `1` a collector would make a part of the name.
	const state = gauge("clef.cache.state", "1 for the state that holds, 0 for the others.", "{state}");
	const look = (result: BatchObservableResult): void => {
		const now = observe();
		result.observe(ttl, now.ttlSeconds);
		if (now.ageSeconds !== undefined) result.observe(age, now.ageSeconds);
		if (now.expiresInSeconds !== undefined) result.observe(end, now.expiresInSeconds);
		for (const each of STATES) result.observe(state, each === now.state ? 1 : 0, { "clef.state": each });
	};
	meter.addBatchObservableCallback(look, [age, end, ttl, state]);
}
