/** Looks up a member deep inside parsed JSON; undefined wherever the way ends early. */
export function at(value: unknown, ...way: readonly (string | number)[]): unknown {
	let here = value;
	for (const step of way) {
		if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
		here = (here as Readonly<Record<string | number, unknown>>)[step];
	}
	return here;
}
