/**
 * Passes everything on to a function of the application, and goes on when that throws: it is the application's own
 * mistake, and must cost it neither its secrets nor the loop that keeps them fresh. A warning of the process names it.
 */
export function harmlessSink<T>(
	name: "onEvent" | "onMeasurement" | "onKmsCall",
	sink: ((told: T) => void) | undefined,
): (told: T) => void {
	return (told) => {
		try {
			sink?.(told);
		} catch (cause) {
			process.emitWarning(`The ${name} sink of a clef agent threw.`, {
				code: "CLEF_EVENT_SINK",
				detail: cause instanceof Error ? cause.name : typeof cause,
			});
		}
	};
}
