import { createHash } from "node:crypto";
import { type ArtifactSeed, signAsStranger } from "./artifact-seeds.js";
import type { Dice } from "./dice.js";
import { type Member, nestedMembers, setMember, setText, textOf, writeMembers } from "./json-members.js";
import { withOddCharacter, withSwappedByte } from "./text-mutations.js";

/** What somebody would do to an artifact who knows the format; changes the members in place. */
type Forgery = (members: Member[], dice: Dice, donor: ArtifactSeed) => void;

const FORGERIES: readonly Forgery[] = [
	changeCiphertext,
	changeCiphertext,
	takeCiphertext,
	takeSignature,
	takeSignature,
	damageSignature,
	damageSignature,
	respellEcdsa,
	relabel,
	relabel,
	moveDate,
	moveDate,
	moveDate,
	renameSubject,
	renameSubject,
	shiftFields,
	changeEnvelope,
	changeEnvelope,
	takeEnvelope,
	takeField,
	takeField,
	signAnew,
	revoke,
	changeVersion,
];

const LABELS = [
	"Ed25519",
	"ECDSA_SHA256",
	"ed25519",
	"none",
	"",
	"HS256",
	"RSA_SHA256",
	"Ed25519 ",
	undefined,
];
const TEXT_FIELDS = ["identity", "environment", "revision"];
const ENVELOPE_FIELDS = ["provider", "keyId", "wrappedKey", "algorithm", "iv", "authTag"];
const SIGNED_FIELDS = [...TEXT_FIELDS, "packedAt", "ciphertextHash", "ciphertext", "expiresAt", "revokedAt"];

const DAY_MS = 86_400_000;

const DATES = [
	"2026-11-22T04:28:23.853Z",
	"2026-11-22T05:28:23.853+01:00",
	"2026-11-22T04:28:23.853000Z",
	"2026-11-22T04:28Z",
	"2026-11-22",
	"2026-11-22 04:28:23Z",
	"2026-11-22T04:28:23.853",
	"2026-02-30T00:00:00Z",
	"2026-13-01T00:00:00Z",
	"2026-11-22T24:00:00Z",
	"2026-11-22T23:59:60Z",
	"2026-11-22T04:28:23+99:99",
	"9999-12-31T23:59:59.999Z",
	"0000-01-01T00:00:00Z",
	"-000001-01-01T00:00:00Z",
	"+275760-09-13T00:00:00.000Z",
	"1970-01-01T00:00:00Z",
	"2099-01-01T00:00:00Z",
	"now",
	"1795321703853",
	"",
];

/** One random forgery. */
export function forge(members: Member[], dice: Dice, donor: ArtifactSeed): void {
	dice.pick(FORGERIES)(members, dice, donor);
}

/** Makes the hash fit the ciphertext again, so that what follows the digest check is reached. */
export function rehash(members: Member[]): void {
	const ciphertext = textOf(members, "ciphertext");
	if (ciphertext === undefined) return;
	setText(members, "ciphertextHash", createHash("sha256").update(ciphertext).digest("hex"));
}

function changeCiphertext(members: Member[], dice: Dice): void {
	setText(members, "ciphertext", withSwappedByte(textOf(members, "ciphertext") ?? "", dice));
	if (dice.chance(0.8)) rehash(members);
}

function takeCiphertext(members: Member[], dice: Dice, donor: ArtifactSeed): void {
	setText(members, "ciphertext", textOf(donor.members, "ciphertext"));
	if (dice.chance(0.8)) rehash(members);
}

function takeSignature(members: Member[], dice: Dice, donor: ArtifactSeed): void {
	setText(members, "signature", textOf(donor.members, "signature"));
	if (dice.chance(0.5)) setText(members, "signatureAlgorithm", textOf(donor.members, "signatureAlgorithm"));
}

function damageSignature(members: Member[], dice: Dice): void {
	const signature = textOf(members, "signature") ?? "";
	const bytes = Buffer.from(signature, "base64");
	const damaged = [
		withSwappedByte(signature, dice),
		bytes.subarray(0, dice.below(bytes.length)).toString("base64"),
		Buffer.concat([bytes, dice.bytes(1 + dice.below(4))]).toString("base64"),
		Buffer.concat([bytes, bytes]).toString("base64"),
		Buffer.alloc(64).toString("base64"),
		Buffer.alloc(72, 0xff).toString("base64"),
		"MAYCAQACAQA=", // DER of r = 0, s = 0
		"MAYCAQECAQE=", // DER of r = 1, s = 1
		dice.bytes(64).toString("base64"),
		"",
		undefined,
	];
	setText(members, "signature", dice.pick(damaged));
}

/** The same r and s as two plain numbers, or with the lengths of their DER written at more length. */
function respellEcdsa(members: Member[], dice: Dice): void {
	const der = Buffer.from(textOf(members, "signature") ?? "", "base64");
	if (der.length < 8 || der[0] !== 0x30) return;
	const rLength = der.readUInt8(3);
	const [r, s] = [der.subarray(4, 4 + rLength), der.subarray(6 + rLength)];
	const plain = Buffer.concat([wide(r), wide(s)]);
	const long = Buffer.concat([Buffer.from([0x30, 0x81, der.length - 2]), der.subarray(2)]);
	const padded = Buffer.concat([Buffer.from([0x30, der.length - 1, 2, rLength + 1, 0]), der.subarray(4)]);
	setText(members, "signature", dice.pick([plain, long, padded]).toString("base64"));
}

/** 32 bytes, without a sign. */
function wide(number: Buffer): Buffer {
	return Buffer.concat([Buffer.alloc(32), number]).subarray(-32);
}

function relabel(members: Member[], dice: Dice): void {
	setText(members, "signatureAlgorithm", dice.pick(LABELS));
}

function moveDate(members: Member[], dice: Dice): void {
	const name = dice.pick(["packedAt", "expiresAt"]);
	const moved = new Date(Date.parse("2026-11-22T04:28:23.853Z") + (dice.below(2_000) - 1_000) * DAY_MS);
	setText(members, name, dice.pick([...DATES, undefined, moved.toISOString(), moved.toISOString()]));
}

function renameSubject(members: Member[], dice: Dice): void {
	const name = dice.pick(TEXT_FIELDS);
	const text = textOf(members, name) ?? "";
	const others = [
		withOddCharacter(text, dice),
		`${text}-2`,
		text.toUpperCase(),
		`${text} `,
		"../../x",
		"*",
		"",
	];
	setText(members, name, dice.pick(others));
}

/** Tries to make the fields run into each other: another division of the very text that is signed. */
function shiftFields(members: Member[], dice: Dice): void {
	const [identity, environment] = [textOf(members, "identity"), textOf(members, "environment")];
	const revision = textOf(members, "revision");
	const separator = dice.pick(["\n", "\r", "\0", "\u0085", "\u2028", "\v", ""]);
	if (dice.chance(0.5)) {
		setText(members, "identity", `${identity}${separator}${environment}`);
		setText(members, "environment", revision);
	} else {
		setText(members, "environment", `${environment}${separator}${revision}`);
		setText(members, "revision", dice.pick(["", undefined, textOf(members, "packedAt")]));
	}
}

function changeEnvelope(members: Member[], dice: Dice): void {
	const envelope = nestedMembers(members, "envelope");
	const name = dice.pick(ENVELOPE_FIELDS);
	const text = textOf(envelope, name) ?? "";
	const others = [
		withSwappedByte(text, dice),
		withOddCharacter(text, dice),
		dice.pick(["aws", "gcp", "azure", "AWS", "vault", "https://attacker.example/keys/key"]),
		dice.bytes(dice.pick([0, 8, 11, 12, 13, 15, 16, 17, 32])).toString("base64"),
		textOf(envelope, dice.pick(ENVELOPE_FIELDS)),
		undefined,
	];
	setText(envelope, name, dice.pick(others));
	setMember(members, "envelope", envelope);
}

function takeEnvelope(members: Member[], dice: Dice, donor: ArtifactSeed): void {
	const envelope = nestedMembers(donor.members, "envelope");
	const parts = [envelope, envelope.slice(dice.below(6)), undefined, "null", `[${writeMembers(envelope)}]`];
	setMember(members, "envelope", dice.pick(parts));
}

function takeField(members: Member[], dice: Dice, donor: ArtifactSeed): void {
	const name = dice.pick(SIGNED_FIELDS);
	setText(members, name, textOf(donor.members, name));
}

/** Valid in itself, by a key that nobody trusts, over whatever the fields are by now. */
function signAnew(members: Member[]): void {
	let fields: unknown;
	try {
		fields = JSON.parse(writeMembers(members));
	} catch {
		// An earlier mutation left something that is not JSON; there is nothing to sign.
		return;
	}
	const signed = signAsStranger(Object(fields));
	setText(members, "signature", String(signed.signature));
	setText(members, "signatureAlgorithm", "Ed25519");
}

function revoke(members: Member[], dice: Dice): void {
	const values = [
		'"2026-01-01T00:00:00Z"',
		'"9999-12-31T23:59:59Z"',
		"true",
		"false",
		"0",
		'""',
		"null",
		"[]",
	];
	setMember(members, "revokedAt", dice.pick(values));
}

function changeVersion(members: Member[], dice: Dice): void {
	setMember(
		members,
		"version",
		dice.pick(["1.0", "1e0", "2", "0", "-1", "1e400", '"1"', "[1]", "true", "null"]),
	);
}
