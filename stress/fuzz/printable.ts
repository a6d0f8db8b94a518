import { ok } from "node:assert";

/** Control characters end a line of a log or steer a terminal; lone surrogates do not survive UTF-8. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** Asserts that a text may go into a log as it is, and is no longer than `maxLength`. */
export function assertPrintable(text: string, maxLength: number): void {
	ok(!UNPRINTABLE.test(text), `a message has a control character: ${JSON.stringify(text)}`);
	ok(text.length <= maxLength, `a message is ${text.length} characters long`);
}
