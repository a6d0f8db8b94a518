/**
 * Passes everything on to a function of the application, and goes on when that throws or rejects: it is the application's own
 * mistake, and must cost it neither its secrets nor the loop that keeps them fresh. A warning of the process names it.
 */
export function harmlessSink<T>(
	name: "onEvent" | "onMeasurement" | "onKmsCall",
	sink: ((told: T) => void) | undefined,
): (told: T) => void {
	const warn = (cause: unknown) => {
		process.emitWarning(`The ${name} sink of a clef agent threw.`, {
			code: "CLEF_EVENT_SINK",
			detail: cause instanceof Error ? cause.name : typeof cause,
		});
	};
	return (told) => {
		try {
			const returned: unknown = sink?.(told);
			// Of an async function, whose rejection would else end the process.
			if (returned !== undefined) Promise.resolve(returned).catch(warn);
		} catch (cause) {
			warn(cause);
		}
	};
}
