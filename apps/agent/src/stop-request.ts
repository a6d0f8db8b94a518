import type { ProcessEvents } from "./command-io.js";

/** Remembers SIGTERM and SIGINT from the moment it is made, so that none is lost while the agent starts. */
export class StopRequest {
	/** Resolves at the first signal, with its name: stop in good order. */
	readonly requested: Promise<string>;
	/** Resolves at the second signal: leave at once. */
	readonly insisted: Promise<string>;

	constructor(process: ProcessEvents) {
		this.requested = nthSignal(process, 1);
		this.insisted = nthSignal(process, 2);
	}
}

/** The listeners stay: without one, Node ends the process at the next signal with a failing status. */
function nthSignal(process: ProcessEvents, n: number): Promise<string> {
	return new Promise((resolve) => {
		let seen = 0;
		for (const name of ["SIGTERM", "SIGINT"]) {
			process.on(name, () => {
				seen += 1;
				if (seen === n) resolve(name);
			});
		}
	});
}
