import { createPrivateKey } from "node:crypto";
import * as v from "valibot";

/** A whole number in decimal digits, from `min` to `max`, with nothing before or after it. */
export function wholeNumber(min: number, max: number): v.GenericSchema<string, number> {
	const message = `must be a whole number from ${min} to ${max}`;
	return v.pipe(
		v.string(),
		v.regex(/^(?:0|[1-9]\d*)$/, message),
		v.transform(Number),
		v.minValue(min, message),
		v.maxValue(max, message),
	);
}

/** A TCP port, or none. */
export function portOrNone(): v.GenericSchema<string, number | "none"> {
	return v.union(
		[v.literal("none"), wholeNumber(1, 65_535)],
		"must be a whole number from 1 to 65535, or none",
	);
}

/** File permissions in octal digits. */
export function fileMode(): v.GenericSchema<string, number> {
	return v.pipe(
		v.string(),
		v.regex(/^0?[0-7]{3}$/, "must be an octal file mode such as 0600"),
		v.transform((digits) => Number.parseInt(digits, 8)),
	);
}

/** Exactly one of these words. */
export function oneOf<const T extends string>(words: readonly T[]): v.GenericSchema<string, T> {
	return v.picklist(words, `must be one of ${words.join(", ")}`);
}

/** Text without control characters. */
export function plainText(maxLength = 4096): v.GenericSchema<string, string> {
	return v.pipe(
		v.string(),
		v.regex(/^\P{Cc}*$/u, "must not contain control characters"),
		v.maxLength(maxLength, `must not be longer than ${maxLength} characters`),
	);
}

/** Text that can travel in an `Authorization: Bearer` header: visible ASCII, no spaces. */
export function bearerToken(): v.GenericSchema<string, string> {
	return v.pipe(
		v.string(),
		v.regex(/^[\x21-\x7e]+$/, "must be visible ASCII characters without spaces, as it travels in a header"),
	);
}

/** A name that is safe as a part of a path. */
export function pathName(): v.GenericSchema<string, string> {
	return v.pipe(
		v.string(),
		v.regex(
			/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*$/,
			'must be letters, digits, ".", "_" and "-", start with a letter or digit, and not contain ".."',
		),
	);
}

/** An absolute http(s) URL without credentials, query or fragment. */
export function httpUrl(): v.GenericSchema<string, string> {
	return v.pipe(
		v.string(),
		v.check(isPlainHttpUrl, "must be an http(s):// URL without user name, password, query or fragment"),
	);
}

/** An RSA private key in PEM form; line breaks may be written as `\\n`, as where only one line fits. */
export function rsaPrivateKey(): v.GenericSchema<string, string> {
	return v.pipe(
		v.string(),
		v.transform((text) => text.replaceAll("\\n", "\n")),
		v.check(isRsaPrivateKey, "must be an RSA private key in PEM form, not encrypted"),
	);
}

/** Text that this function can parse; what the function throws becomes the problem's wording. */
export function parsedBy<T>(parse: (text: string) => T): v.GenericSchema<string, T> {
	return v.pipe(
		v.string(),
		v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
			try {
				return parse(dataset.value);
			} catch (error) {
				addIssue({ message: `is not usable: ${sentenceOf(error)}` });
				return NEVER;
			}
		}),
	);
}

/** What an error of ours says, without its full stop. */
export function sentenceOf(error: unknown): string {
	return (error instanceof Error ? error.message : "unknown reason").replace(/\.$/, "");
}

/** What the parser throws may quote its input; it stays here. */
function isRsaPrivateKey(text: string): boolean {
	try {
		return createPrivateKey(text).asymmetricKeyType === "rsa";
	} catch {
		return false;
	}
}

function isPlainHttpUrl(text: string): boolean {
	if (!URL.canParse(text)) return false;
	const { protocol, username, password } = new URL(text);
	return /^https?:$/.test(protocol) && username === "" && password === "" && !/[?#\s]/.test(text);
}
