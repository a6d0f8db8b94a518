export { createTelemetry } from "./create-telemetry.js";
export type { HandledRequest, Observation, Telemetry, TelemetryOptions } from "./telemetry.js";
