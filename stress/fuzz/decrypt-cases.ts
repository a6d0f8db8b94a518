import type { ArtifactSeed } from "./artifact-seeds.js";
import { mutateBytes } from "./byte-mutations.js";
import { Dice } from "./dice.js";
import { mutateFields } from "./field-mutations.js";
import { rehash } from "./forgeries.js";
import { type Member, nestedMembers, setMember, setText, textOf, writeMembers } from "./json-members.js";
import { mutatedPayload } from "./payload-cases.js";
import { KMS_KEYS, type Provider, sealUnder } from "./sealed-envelopes.js";

/** An artifact whose hash is right, so that it gets as far as the decryptors where nobody checks signatures. */
export interface DecryptCase {
	readonly body: Buffer;
	/** Set where the sealing is sound and what is sealed is damaged. */
	readonly payload?: Buffer;
}

type AgeMutation = (file: Buffer, dice: Dice, donor: Buffer) => Buffer;

const PROVIDERS = Object.keys(KMS_KEYS) as Provider[];
const ENVELOPE_FIELDS = ["provider", "keyId", "wrappedKey", "algorithm", "iv", "authTag"];

const AGE_MUTATIONS: readonly AgeMutation[] = [
	mutateBytes,
	mutateBytes,
	mutateBytes,
	damageHeader,
	damageHeader,
	repeatStanza,
	addStanza,
	addStanza,
	swapHeader,
	cutChunk,
	(file) => Buffer.from(`-----BEGIN AGE ENCRYPTED FILE-----\n${file.toString("base64")}`),
	(file) => Buffer.from(file.toString("latin1").replace("/v1\n", "/v2\n"), "latin1"),
	(file) => Buffer.from(file.toString("latin1").replaceAll("\n", "\r\n"), "latin1"),
	() => Buffer.alloc(0),
	(file) => file,
];

/** The case with this number. */
export function decryptCase(seeds: readonly ArtifactSeed[], runSeed: number, index: number): DecryptCase {
	const dice = Dice.forCase(runSeed, index);
	if (dice.chance(0.2)) return sealedPayload(seeds, dice);
	const members = [...dice.pick(seeds).members];
	const envelope = nestedMembers(members, "envelope");
	const donor = ciphertextOf(dice.pick(seeds).members);
	const ciphertext = ciphertextOf(members);
	if (envelope.length === 0) setCiphertext(members, dice.pick(AGE_MUTATIONS)(ciphertext, dice, donor));
	else if (dice.chance(0.5)) setCiphertext(members, mutateBytes(ciphertext, dice, donor));
	else setMember(members, "envelope", changedEnvelope(envelope, seeds, dice));
	if (dice.chance(0.1)) mutateFields(members, dice);
	rehash(members);
	return { body: Buffer.from(writeMembers(members)) };
}

function sealedPayload(seeds: readonly ArtifactSeed[], dice: Dice): DecryptCase {
	const payload = mutatedPayload(dice);
	const body = { ...dice.pick(seeds).fields, ...sealUnder(dice.pick(PROVIDERS), payload) };
	return { body: Buffer.from(JSON.stringify(body)), payload };
}

function changedEnvelope(
	envelope: readonly Member[],
	seeds: readonly ArtifactSeed[],
	dice: Dice,
): readonly Member[] {
	const changed = [...envelope];
	const name = dice.pick(ENVELOPE_FIELDS);
	const text = textOf(envelope, name) ?? "";
	const bytes = Buffer.from(text, "base64");
	const donor = nestedMembers(dice.pick(seeds).members, "envelope");
	const others = [
		mutateBytes(bytes, dice, bytes).toString("base64"),
		mutateBytes(Buffer.from(text), dice, Buffer.from(text)).toString(),
		textOf(donor, name),
		dice.pick(PROVIDERS),
		`https://attacker.example/keys/${dice.below(10)}`,
	];
	setText(changed, name, dice.pick(others));
	return changed;
}

/** The header is text, and most of what an age reader has to understand. */
function damageHeader(file: Buffer, dice: Dice, donor: Buffer): Buffer {
	const end = headerEnd(file);
	return Buffer.concat([mutateBytes(file.subarray(0, end), dice, donor), file.subarray(end)]);
}

function repeatStanza(file: Buffer, dice: Dice): Buffer {
	const lines = file.toString("latin1").split("\n");
	const stanza = lines.slice(1, 3);
	const times = dice.pick([1, 2, 40, 254, 255, 256, 300]);
	const repeated = Array.from({ length: times }, () => stanza).flat();
	return Buffer.from([lines[0], ...repeated, ...lines.slice(1)].join("\n"), "latin1");
}

function addStanza(file: Buffer, dice: Dice): Buffer {
	const body = dice.bytes(32).toString("base64").replaceAll("=", "");
	const stanzas = [
		`-> scrypt ${body.slice(0, 22)} ${dice.pick(["18", "64", "-1", "1e9", "999999999"])}\n${body}`,
		`-> X25519 ${body}\n${body}`,
		`-> X25519\n`,
		`-> X25519 ${"A".repeat(43)}\n${body}`,
		`-> mlkem768x25519 ${body}\n${body}`,
		`-> ${"x".repeat(dice.pick([1, 100, 70_000]))}-grease ${body}\n${body}`,
		`-> \n`,
		`->`,
		body,
	];
	const [first, ...rest] = file.toString("latin1").split("\n");
	const place = dice.pick([0, 2]);
	return Buffer.from(
		[first, ...rest.slice(0, place), dice.pick(stanzas), ...rest.slice(place)].join("\n"),
		"latin1",
	);
}

/** The header of one file before the payload of another. */
function swapHeader(file: Buffer, _: Dice, donor: Buffer): Buffer {
	return Buffer.concat([file.subarray(0, headerEnd(file)), donor.subarray(headerEnd(donor))]);
}

/** Ends the payload early: in its nonce, its only chunk, or its tag; or goes on after it. */
function cutChunk(file: Buffer, dice: Dice): Buffer {
	const kept = dice.pick([0, 1, 15, 16, 17, 31, 32, 33]);
	const parts = [
		file.subarray(0, headerEnd(file) + kept),
		file.subarray(0, file.length - kept - 1),
		Buffer.concat([file, dice.bytes(1 + kept)]),
		Buffer.concat([file, file.subarray(headerEnd(file) + 16)]),
		Buffer.concat([file, Buffer.alloc(65_536)]),
	];
	return dice.pick(parts);
}

function headerEnd(file: Buffer): number {
	const mac = file.indexOf("\n--- ");
	return mac === -1 ? file.length : file.indexOf("\n", mac + 1) + 1;
}

function ciphertextOf(members: readonly Member[]): Buffer {
	return Buffer.from(textOf(members, "ciphertext") ?? "", "base64");
}

function setCiphertext(members: Member[], bytes: Buffer): void {
	setText(members, "ciphertext", bytes.toString("base64"));
}
