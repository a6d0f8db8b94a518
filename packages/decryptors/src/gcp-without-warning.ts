/** The type of what google-auth-library prints where a metadata server is not found as it expects. */
const LOOKUP = "MetadataLookupWarning";

let running = 0;
let emitWarning = process.emitWarning;

/**
 * Does some work with google-auth-library without the warning that it prints when it looks for a metadata server
 * in vain, line by line into whatever log this process writes; the error that follows says what matters.
 */
export async function withoutLookupWarning<T>(work: () => Promise<T>): Promise<T> {
	running += 1;
	if (running === 1) {
		emitWarning = process.emitWarning;
		// Not assigned, as the overloads of the original cannot be told from one that only passes on.
		Reflect.set(process, "emitWarning", emitOthers);
	}
	try {
		return await work();
	} finally {
		running -= 1;
		if (running === 0) process.emitWarning = emitWarning;
	}
}

function emitOthers(...values: readonly unknown[]): void {
	if (values[1] !== LOOKUP) Reflect.apply(emitWarning, process, values);
}
