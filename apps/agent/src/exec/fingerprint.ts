import { createHmac } from "node:crypto";
import type { Variables } from "./secret-variables.js";

/** Names to digests: tells whether values have changed without keeping them. */
export type Fingerprint = ReadonlyMap<string, string>;

/** `key` is random and of this run, so that a digest found in memory cannot be compared with guesses made elsewhere. */
export function fingerprint(variables: Variables, key: Uint8Array): Fingerprint {
	const digests = Object.entries(variables).map(
		([name, value]) => [name, createHmac("sha256", key).update(value).digest("base64")] as const,
	);
	return new Map(digests);
}

/** Names that were added, taken away or given another value, sorted. */
export function changedNames(before: Fingerprint, after: Fingerprint): readonly string[] {
	const names = new Set([...before.keys(), ...after.keys()]);
	return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
