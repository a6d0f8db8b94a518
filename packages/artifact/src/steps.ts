/** Work that pauses between its steps, so that others can be let run, and comes to an `R` at its end. */
export type Steps<R> = Generator<void, R, undefined>;

/** Does all of it without a pause. */
export function atOnce<R>(steps: Steps<R>): R {
	for (;;) {
		const step = steps.next();
		if (step.done === true) return step.value;
	}
}
