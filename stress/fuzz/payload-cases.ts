import { vectorSecrets } from "@clef-sh/testkit/vectors";
import { mutateBytes } from "./byte-mutations.js";
import { Dice } from "./dice.js";
import { mutateFields, writeDocument } from "./field-mutations.js";
import { membersOf } from "./json-members.js";

/** Part of every value, and of no name: a message that has it shows a value. */
export const VALUE_MARK = "s3cr3t";

const SEEDS = [
	{ KEY: `${VALUE_MARK} value`, OTHER: `${VALUE_MARK}\n"quoted" \\ ✓ \u{1f511}`, EMPTY: "" },
	{ db: { HOST: `${VALUE_MARK}.internal`, PASSWORD: `${VALUE_MARK}-1` }, web: { HOST: `${VALUE_MARK}-2` } },
	{ PORT: 5432, RATIO: 0.5, BIG: 1e21, TINY: -1.5e-9, ON: true, OFF: false, NAME: VALUE_MARK },
	{ toString: VALUE_MARK, "a/b": VALUE_MARK, "%2e": "x", a__b: "y", "": "z", " ": VALUE_MARK },
	{ a: { b__c: VALUE_MARK }, a__b: { c: `${VALUE_MARK}2` }, empty: {} },
	{ one: {}, two: {} },
	{},
	vectorSecrets,
	Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`KEY_${index}`, `${VALUE_MARK}-${index}`])),
].map((value) => {
	const bytes = [JSON.stringify(value), JSON.stringify(value, null, 2), JSON.stringify(value, null, "\t")];
	return { members: membersOf(value), bytes: bytes.map((text) => Buffer.from(text)) };
});

/** Where payloads are mutated: members, then bytes. */
const RECIPES = [
	[1, 0],
	[1, 0],
	[2, 0],
	[3, 0],
	[1, 1],
	[0, 1],
	[0, 1],
	[0, 3],
] as const;

/** The mutated payload with this number. */
export function payloadCase(runSeed: number, index: number): Buffer {
	return mutatedPayload(Dice.forCase(runSeed, index));
}

/** A mutated payload, or now and then one that is as it was. */
export function mutatedPayload(dice: Dice): Buffer {
	const origin = dice.pick(SEEDS);
	const [fields, bytes] = dice.chance(0.02) ? [0, 0] : dice.pick(RECIPES);
	const members = [...origin.members];
	for (let count = 0; count < fields; count += 1) mutateFields(members, dice);
	let payload = fields > 0 ? writeDocument(members, dice) : dice.pick(origin.bytes);
	for (let count = 0; count < bytes; count += 1) {
		payload = mutateBytes(payload, dice, dice.pick(dice.pick(SEEDS).bytes));
	}
	return payload;
}
