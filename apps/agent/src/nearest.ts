import leven from "leven";

/** The candidate that a mistyped word most likely meant, or undefined when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
	const limit = Math.max(2, Math.floor(word.length / 2));
	let best: { candidate: string; distance: number } | undefined;
	for (const candidate of candidates) {
		// People shorten words more often than they mistype them.
		const distance = candidate.startsWith(word) ? 0 : leven(word, candidate);
		if (
			distance <= limit &&
			distance < candidate.length &&
			distance < (best?.distance ?? Number.POSITIVE_INFINITY)
		) {
			best = { candidate, distance };
		}
	}
	return best?.candidate;
}
