import type { ProcessEvents } from "./command-io.js";

/** Takes the signal at which Node would open its inspector, and with it the memory that holds the secrets (D41). */
export function keepInspectorShut(process: ProcessEvents): void {
	process.on("SIGUSR1", () => {
		// That someone listens is what keeps it shut.
	});
}
