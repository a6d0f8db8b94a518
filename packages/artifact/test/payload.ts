import { parseSecrets, type Secrets } from "../src/index.js";

/** What `parseText` throws, so that tests can tell it from a crash. */
export class Refused extends Error {}

/** Parses a payload given as text. */
export function parseText(text: string): Secrets {
	return parseSecrets(Buffer.from(text), (sentence) => new Refused(sentence));
}

/** Parses the JSON of a value. */
export function secretsOf(value: unknown): Secrets {
	return parseText(JSON.stringify(value));
}

/** The sentence with which a payload is refused; fails the test when it is not. */
export function refusedSentence(text: string): string {
	try {
		parseText(text);
	} catch (error) {
		if (error instanceof Refused) return error.message;
		throw error;
	}
	throw new TypeError("Nothing was refused.");
}
