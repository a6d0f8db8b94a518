import type { Dice } from "./dice.js";
import { type Member, writeMembers, writeValue } from "./json-members.js";
import { escapedJson, sloppyBase64, swapCase, withOddCharacter } from "./text-mutations.js";

/** Changes an object's members in place. */
type FieldMutation = (members: Member[], dice: Dice) => void;

/** JSON texts of every kind, and some that are none. */
const ODD_VALUES = [
	"null",
	"true",
	"false",
	"0",
	"-0",
	"1",
	"1.0",
	"1e0",
	"2",
	"1e400",
	"-1e400",
	"123456789012345678901234567890",
	"0.1e-400",
	'""',
	'" "',
	'"1"',
	'"null"',
	"[]",
	"{}",
	"[null]",
	'{"length":1}',
	'{"toString":1,"toJSON":2,"valueOf":3}',
	'"\\ud800"',
	'"\\u0000"',
	"NaN",
	"Infinity",
	"undefined",
	"01",
	"+1",
	"0x1",
	"'x'",
	"",
];

const ODD_NAMES = [
	"__proto__",
	"constructor",
	"prototype",
	"toString",
	"hasOwnProperty",
	"revokedAt",
	"revoked_at",
	"revokedat",
	"envelope",
	"kind",
	"header",
	"encryption",
	"signedBy",
	"version",
	"",
	"\u0000",
];

const MUTATIONS: readonly FieldMutation[] = [
	drop,
	drop,
	duplicate,
	retype,
	retype,
	swapValues,
	swapValues,
	respellName,
	addOddName,
	plantPrototype,
	escapeText,
	escapeText,
	oddText,
	oddText,
	rawControl,
	spellBase64,
	spellBase64,
	changeCase,
	reorder,
	nest,
	enlarge,
];

/** One random change to an object's members, or to those of an object inside it. */
export function mutateFields(members: Member[], dice: Dice): void {
	const objects = members.flatMap(({ value }, index) => (typeof value === "string" ? [] : [index]));
	const inner = objects[dice.below(objects.length)] ?? members.length;
	const outer = members[inner];
	if (outer === undefined || typeof outer.value === "string" || dice.chance(0.4)) {
		dice.pick(MUTATIONS)(members, dice);
		return;
	}
	const copy = [...outer.value];
	dice.pick(MUTATIONS)(copy, dice);
	members[inner] = { name: outer.name, value: copy };
}

/** Writes an object, now and then inside something or behind something. */
export function writeDocument(members: readonly Member[], dice: Dice): Buffer {
	const text = writeMembers(members);
	if (dice.chance(0.96)) return Buffer.from(text);
	return dice.pick(WRAPPERS)(text);
}

const WRAPPERS: readonly ((text: string) => Buffer)[] = [
	(text) => Buffer.from(`[${text}]`),
	(text) => Buffer.from(JSON.stringify(text)),
	(text) => Buffer.from(`{"data":${text}}`),
	(text) => Buffer.from(`${text}${text}`),
	(text) => Buffer.from(`${text}\n\n \t`),
	(text) => Buffer.from(`\ufeff${text}`),
	(text) => Buffer.from(`\ufeff\ufeff${text}`),
	(text) => Buffer.from(`${text}\0`),
	(text) => Buffer.from(`)]}',\n${text}`),
	(text) => Buffer.from(text, "utf16le"),
	(text) => Buffer.from(text, "latin1"),
	(text) => Buffer.from(`/* */${text}`),
	(text) => Buffer.from(text.slice(0, -1)),
	() => Buffer.alloc(0),
];

function drop(members: Member[], dice: Dice): void {
	members.splice(dice.below(members.length), 1);
}

function duplicate(members: Member[], dice: Dice): void {
	const { name, value } = someMember(members, dice);
	const other = dice.chance(0.5) ? value : someMember(members, dice).value;
	members.splice(dice.below(members.length + 1), 0, { name, value: other });
}

function retype(members: Member[], dice: Dice): void {
	replace(members, dice, ({ name }) => ({ name, value: dice.pick(ODD_VALUES) }));
}

function swapValues(members: Member[], dice: Dice): void {
	const [one, other] = [dice.below(members.length), dice.below(members.length)];
	const [first, second] = [members[one], members[other]];
	if (first === undefined || second === undefined) return;
	members[one] = { name: first.name, value: second.value };
	members[other] = { name: second.name, value: first.value };
}

function respellName(members: Member[], dice: Dice): void {
	replace(members, dice, ({ name, value }) => {
		const text = name.slice(1, -1);
		const spellings = [
			escapedJson(text, dice),
			JSON.stringify(swapCase(text)),
			JSON.stringify(` ${text}`),
			JSON.stringify(withOddCharacter(text, dice)),
			text,
		];
		return { name: dice.pick(spellings), value };
	});
}

function addOddName(members: Member[], dice: Dice): void {
	const value = dice.chance(0.5) ? dice.pick(ODD_VALUES) : someMember(members, dice).value;
	const member = { name: JSON.stringify(dice.pick(ODD_NAMES)), value };
	members.splice(dice.below(members.length + 1), 0, member);
}

/** Moves some of the fields to where only a prototype lookup would find them. */
function plantPrototype(members: Member[], dice: Dice): void {
	const planted = members.filter(() => dice.chance(0.5));
	const kept = dice.chance(0.5) ? members.filter((member) => !planted.includes(member)) : [...members];
	const home: Member = { name: '"__proto__"', value: planted };
	const value = dice.chance(0.7)
		? home
		: { name: '"constructor"', value: [{ ...home, name: '"prototype"' }] };
	members.splice(0, members.length, value, ...kept);
}

function escapeText(members: Member[], dice: Dice): void {
	changeText(members, dice, (text) => escapedJson(text, dice));
}

function oddText(members: Member[], dice: Dice): void {
	changeText(members, dice, (text) => JSON.stringify(withOddCharacter(text, dice)));
}

/** A control character as it is, which JSON forbids inside a text. */
function rawControl(members: Member[], dice: Dice): void {
	changeText(members, dice, (text) => `"${text}${dice.pick(["\n", "\0", "\t", "\u007f", "\u0085"])}"`);
}

function spellBase64(members: Member[], dice: Dice): void {
	const binary = members.findIndex(({ name }) => /ciphertext"|signature"|Key"|iv"|Tag"/.test(name));
	const at = dice.chance(0.5) ? binary : dice.below(members.length);
	changeTextAt(members, at, (text) => JSON.stringify(sloppyBase64(text, dice)));
}

function changeCase(members: Member[], dice: Dice): void {
	changeText(members, dice, (text) => JSON.stringify(swapCase(text)));
}

function reorder(members: Member[], dice: Dice): void {
	const [moved] = members.splice(dice.below(members.length), 1);
	if (moved !== undefined) members.splice(dice.below(members.length + 1), 0, moved);
}

function nest(members: Member[], dice: Dice): void {
	const depth = dice.chance(0.02) ? 20_000 : 1 + dice.below(40);
	const [open, close] = dice.pick([
		["[", "]"],
		['{"a":', "}"],
	] as const);
	replace(members, dice, ({ name, value }) => ({
		name,
		value: open.repeat(depth) + writeValue(value) + close.repeat(dice.chance(0.9) ? depth : depth - 1),
	}));
}

function enlarge(members: Member[], dice: Dice): void {
	const times = dice.chance(0.02) ? 2_000 : 20;
	changeText(members, dice, (text) => JSON.stringify(text.repeat(times)));
}

function changeText(members: Member[], dice: Dice, change: (text: string) => string): void {
	changeTextAt(members, dice.below(members.length), change);
}

function changeTextAt(members: Member[], at: number, change: (text: string) => string): void {
	const member = members[at];
	if (typeof member?.value !== "string" || !member.value.startsWith('"')) return;
	// As it stands between its quotes: an earlier mutation may have left what JSON cannot read.
	members[at] = { name: member.name, value: change(member.value.slice(1, -1)) };
}

function replace(members: Member[], dice: Dice, change: (member: Member) => Member): void {
	const at = dice.below(members.length);
	const member = members[at];
	if (member !== undefined) members[at] = change(member);
}

function someMember(members: readonly Member[], dice: Dice): Member {
	return members.length === 0 ? { name: '"empty"', value: "null" } : dice.pick(members);
}
