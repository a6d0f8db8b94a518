import { countAgeStanzas } from "./age-stanzas.js";
import { PackError } from "./pack-error.js";

/** What an agent accepts before it spends work on a file; packing more would make an artifact nobody opens. */
const MAX_RECIPIENTS = 256;
const MAX_HEADER_BYTES = 65_536;

/** What people give as a recipient by mistake, most telling first; the text is matched, never shown. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
	[
		/^AGE-SECRET-KEY-/i,
		"is an identity (a secret key); give the recipient that belongs to it, and keep the key safe",
	],
	[/^(?:ssh-|-----BEGIN)/, "is not an age key; agents open age1… and age1pq1… only"],
	[/^age1(?!pq1)[0-9a-z]*1/i, "belongs to a hardware key or plugin; agents open age1… and age1pq1… only"],
	[/^age1/i, "is cut short, mistyped or in capitals; copy the whole recipient again"],
];

const CLASSIC = /^age1[02-9ac-hj-np-z]{58}$/;
const POST_QUANTUM = /^age1pq1[02-9ac-hj-np-z]+$/;

/**
 * Encrypts to every recipient as a binary age file.
 *
 * Throws `PACK_KEY_INVALID` naming the position of a bad recipient, or when classic and post-quantum
 * recipients are mixed: the age format forbids it, since the weaker one would decide.
 */
export async function encryptWithAge(
	plaintext: Uint8Array,
	recipients: readonly string[],
): Promise<Uint8Array> {
	assertRecipients(recipients);
	const age = await import("age-encryption");
	const encrypter = new age.Encrypter();
	recipients.forEach((recipient, index) => {
		try {
			encrypter.addRecipient(recipient);
		} catch {
			throw badRecipient(index, "has a wrong checksum; copy the whole recipient again");
		}
	});
	const file = await encrypter.encrypt(plaintext);
	assertOpenable(file);
	return file;
}

function assertRecipients(recipients: readonly string[]): void {
	if (recipients.length === 0) {
		throw new PackError("PACK_KEY_INVALID", "There is no recipient; give at least one age1… recipient.");
	}
	if (recipients.length > MAX_RECIPIENTS) {
		throw new PackError(
			"PACK_KEY_INVALID",
			`There are ${recipients.length} recipients but agents open at most ${MAX_RECIPIENTS}; pack several artifacts.`,
		);
	}
	recipients.forEach(assertRecipient);
	if (recipients.some((text) => POST_QUANTUM.test(text)) && recipients.some((text) => CLASSIC.test(text))) {
		throw new PackError(
			"PACK_KEY_INVALID",
			"Classic age1… and post-quantum age1pq1… recipients cannot share an artifact; use one kind.",
		);
	}
}

function assertRecipient(text: string, index: number): void {
	if (CLASSIC.test(text) || POST_QUANTUM.test(text)) return;
	const mistake = MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
	throw badRecipient(index, mistake ?? "is not an age recipient; it should start with age1");
}

function assertOpenable(file: Uint8Array): void {
	const headerBytes = countAgeStanzas(file)?.headerBytes ?? Number.POSITIVE_INFINITY;
	if (headerBytes > MAX_HEADER_BYTES) {
		throw new PackError(
			"PACK_KEY_INVALID",
			`The recipients fill ${headerBytes} bytes but agents open at most ${MAX_HEADER_BYTES}; pack several artifacts.`,
		);
	}
}

function badRecipient(index: number, what: string): PackError {
	return new PackError("PACK_KEY_INVALID", `Recipient ${index + 1} ${what}.`);
}
