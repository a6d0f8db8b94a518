/** What JSON, YAML and HCL files hold once they are read. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A mapping of them. */
export interface JsonObject {
	readonly [name: string]: Json;
}

/** The text with a mistake in it; a mistake that finds no place would otherwise prove nothing. */
export function planted(text: string, from: string, to: string): string {
	if (!text.includes(from)) throw new RangeError(`The example no longer holds ${JSON.stringify(from)}.`);
	return text.replace(from, () => to);
}

/** Whether a value is a mapping. */
export function isObject(value: Json | undefined): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: Json | undefined): value is readonly Json[] {
	return Array.isArray(value);
}

/** A mapping, or an empty one where there is none. */
export function objectAt(value: Json | undefined): JsonObject {
	return isObject(value) ? value : {};
}

/** A list; a single value is a list of one, as in IAM policies. */
export function listAt(value: Json | undefined): readonly Json[] {
	if (value === undefined) return [];
	return isList(value) ? value : [value];
}
