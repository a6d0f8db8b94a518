const SEEDS = 0x1_0000_0000;

/** What random choices follow from: `CLEF_STRESS_SEED`, or else the time; print it, so that a run can be repeated. */
export function stressSeed(): number {
	return wholeNumber("CLEF_STRESS_SEED") ?? Date.now() % SEEDS;
}

/** How many cases to run: what the variable says, or else `usual`. */
export function caseCount(variable: string, usual: number): number {
	return wholeNumber(variable) ?? usual;
}

function wholeNumber(variable: string): number | undefined {
	const text = process.env[variable];
	if (text === undefined || text === "") return undefined;
	const value = Number(text);
	if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
	throw new RangeError(`${variable} is ${JSON.stringify(text)}, and has to be a whole number.`);
}
