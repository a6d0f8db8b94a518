/**
 * One member of a JSON object as text, so that a mutation can write what no JavaScript value can say: a name
 * twice, a number of 30 digits, a control character that is not escaped.
 */
export interface Member {
	/** With its quotes. */
	readonly name: string;
	/** JSON text, or the members of an object. */
	readonly value: string | readonly Member[];
}

/** The members of a JSON object. */
export function membersOf(record: object): Member[] {
	return Object.entries(record).map(([name, value]) => ({
		name: JSON.stringify(name),
		value: isObject(value) ? membersOf(value) : JSON.stringify(value),
	}));
}

/** The object's JSON text. */
export function writeMembers(members: readonly Member[]): string {
	return `{${members.map(({ name, value }) => `${name}:${writeValue(value)}`).join(",")}}`;
}

/** The JSON text of a member's value. */
export function writeValue(value: Member["value"]): string {
	return typeof value === "string" ? value : writeMembers(value);
}

/** The text of a member, with its escapes resolved; `undefined` where there is none, or it is not text. */
export function textOf(members: readonly Member[], name: string): string | undefined {
	const value = members.find((member) => member.name === `"${name}"`)?.value;
	if (typeof value !== "string" || !value.startsWith('"')) return undefined;
	try {
		return JSON.parse(value);
	} catch {
		// An earlier mutation left something that is not JSON.
		return undefined;
	}
}

/** Gives a member this value; it is added where it is missing, and taken out for `undefined`. */
export function setMember(members: Member[], name: string, value: Member["value"] | undefined): void {
	const quoted = `"${name}"`;
	const at = members.findIndex((member) => member.name === quoted);
	const replacement = value === undefined ? [] : [{ name: quoted, value }];
	members.splice(at === -1 ? members.length : at, at === -1 ? 0 : 1, ...replacement);
}

/** {@link setMember} with text. */
export function setText(members: Member[], name: string, text: string | undefined): void {
	setMember(members, name, text === undefined ? undefined : JSON.stringify(text));
}

/** A copy of an object inside the object; empty where there is none. */
export function nestedMembers(members: readonly Member[], name: string): Member[] {
	const value = members.find((member) => member.name === `"${name}"`)?.value;
	return value === undefined || typeof value === "string" ? [] : [...value];
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
