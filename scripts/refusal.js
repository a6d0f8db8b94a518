// How a script ends that does not do what it was asked: with one sentence and status 1.

/** Why a script does not do what it was asked: one sentence for whoever called. */
export class Refusal extends Error {}

/**
 * Does a script's work, and prints why where it is refused.
 * @param {string} what it does, for instance "build the binaries"
 * @param {() => void} work
 */
export function attempt(what, work) {
	try {
		work();
	} catch (error) {
		console.error(sentence(what, error));
		process.exitCode = 1;
	}
}

/**
 * What a script was called with. Where that is wrong, it is refused and the usage is told.
 * @template T
 * @param {string} usage for instance "--output FILE"
 * @param {() => T} read throws a TypeError, as `parseArgs` does
 * @returns {T}
 */
export function chosen(usage, read) {
	try {
		return read();
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		throw new Refusal(`${error.message.split(". ")[0]}; use ${usage}.`);
	}
}

/** @param {string} what @param {unknown} error */
function sentence(what, error) {
	if (error instanceof Refusal) return error.message;
	// Of the system's refusals, a full disk for instance, the reader needs no stack either.
	if (error instanceof Error && "syscall" in error) return `Could not ${what}: ${error.message}.`;
	throw error;
}
