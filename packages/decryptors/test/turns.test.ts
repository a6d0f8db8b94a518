import { turnsWhile } from "@clef-sh/testkit/loop-turns";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { expect, it } from "vitest";
import { AgeKeyring } from "../src/age-keyring.js";
import { decryptSecrets } from "../src/index.js";
import { BYTES_PER_TURN, inTurns, stepByStep } from "../src/turns.js";
import { encrypt, sealed } from "./sealed.js";
import { calm } from "./verified.js";

it("gives every byte, in pieces of a turn each", async () => {
	for (const size of [0, 1, BYTES_PER_TURN, BYTES_PER_TURN + 1, 5 * BYTES_PER_TURN]) {
		const bytes = Buffer.alloc(size, "clef");
		const pieces: Uint8Array[] = [];
		const turns = await turnsWhile(async () => {
			for await (const piece of inTurns(bytes)) pieces.push(piece);
		});
		expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
		expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(BYTES_PER_TURN);
		expect(turns).toBeGreaterThanOrEqual(4 * (pieces.length - 1));
	}
});

it("lets others run between the pieces of a large age file", async () => {
	const identity = await generateX25519Identity();
	const file = await encrypt(Buffer.alloc(10 * BYTES_PER_TURN, "clef"), await identityToRecipient(identity));
	const keyring = new AgeKeyring(identity);
	await keyring.import();
	expect(await turnsWhile(() => keyring.open(file, calm))).toBeGreaterThanOrEqual(10 * 4);
});

it("lets others run before and after a large payload is read, and wipes it all the same", async () => {
	const large = Buffer.from(JSON.stringify({ KEY: "x".repeat(BYTES_PER_TURN) }));
	const turns = await turnsWhile(() =>
		decryptSecrets(sealed(Buffer.from("sealed")), { decrypt: async () => large }, calm),
	);
	expect(turns).toBeGreaterThanOrEqual(2 * 4);
	expect(large.every((byte) => byte === 0)).toBe(true);
});

it("lets others run between the pieces of a large payload", async () => {
	const secrets = Object.fromEntries(
		Array.from({ length: 5 }, (_, n) => [`${n}`, "x".repeat(BYTES_PER_TURN)]),
	);
	const large = Buffer.from(JSON.stringify(secrets));
	const turns = await turnsWhile(() =>
		decryptSecrets(sealed(Buffer.from("sealed")), { decrypt: async () => large }, calm),
	);
	// Before, after, and after each of the values.
	expect(turns).toBeGreaterThanOrEqual((2 + 5) * 4);
});

it("comes to what the steps come to, and passes on what they throw", async () => {
	const steps = function* () {
		yield;
		return "the end";
	};
	const turns = await turnsWhile(async () => expect(await stepByStep(steps())).toBe("the end"));
	expect(turns).toBeGreaterThanOrEqual(4);
	const broken = function* () {
		yield;
		throw new RangeError("broken");
	};
	await expect(stepByStep(broken())).rejects.toThrow("broken");
});

it("makes a small payload wait for nobody", async () => {
	const small = Buffer.from(JSON.stringify({ KEY: "value" }));
	const turns = await turnsWhile(() =>
		decryptSecrets(sealed(Buffer.from("sealed")), { decrypt: async () => small }, calm),
	);
	expect(turns).toBe(0);
});
