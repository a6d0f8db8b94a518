import { BufferedTelemetry } from "./buffered-telemetry.js";
import type { Telemetry, TelemetryOptions } from "./telemetry.js";

/**
 * Starts telling about an agent. OpenTelemetry is loaded after the first refresh, so that no start waits for it; what
 * happens meanwhile is kept, within bounds.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
	return new BufferedTelemetry(options, () => import("./sdk/create-pipeline.js"));
}
