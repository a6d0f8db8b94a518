import { createHash } from "node:crypto";
import { type SignedFields, signingText } from "./signing-text.js";

/** What a body is, by the words of the format alone. */
export type Shape =
	| { readonly kind: "malformed" }
	| { readonly kind: "revocation" }
	| { readonly kind: "other version" }
	| {
			readonly kind: "artifact";
			/** What a signature of it would have to cover. */
			readonly text: string;
			readonly hasSignature: boolean;
			readonly isHashRight: boolean;
	  };

type Fields = ReadonlyMap<string, unknown>;

const DATE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-](\d\d):(\d\d))$/;
const UNSIGNABLE = /[\p{Cc}\p{Cs}]/u;
/** Groups of four; what is left over leaves no bits over. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
const HASH = /^[0-9a-f]{64}$/;
const IV = /^[A-Za-z0-9+/]{16}$/;
const AUTH_TAG = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads a body, sharing no code with what is tested but the language's own JSON parser. */
export function shapeOf(body: Buffer): Shape {
	const fields = objectIn(body);
	if (fields === undefined) return { kind: "malformed" };
	if (isThere(fields.get("revokedAt"))) return { kind: "revocation" };
	const version = fields.get("version");
	if (typeof version === "number" && version !== 1) return { kind: "other version" };
	if (version !== 1 || !isSound(fields)) return { kind: "malformed" };
	const signed: SignedFields = Object.fromEntries(fields);
	const ciphertext = String(fields.get("ciphertext"));
	return {
		kind: "artifact",
		text: signingText({ ...signed, envelope: signed.envelope ?? undefined }),
		hasSignature: isThere(fields.get("signature")) && fields.get("signature") !== "",
		isHashRight: fields.get("ciphertextHash") === createHash("sha256").update(ciphertext).digest("hex"),
	};
}

function objectIn(body: Buffer): Fields | undefined {
	try {
		return fieldsOf(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)));
	} catch {
		// Neither UTF-8 nor JSON.
		return undefined;
	}
}

function fieldsOf(value: unknown): Fields | undefined {
	const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
	return isObject ? new Map(Object.entries(value)) : undefined;
}

function isSound(fields: Fields): boolean {
	const ciphertext = fields.get("ciphertext");
	return (
		["identity", "environment", "revision"].every((name) => isSignable(fields.get(name))) &&
		isDate(fields.get("packedAt")) &&
		(!isThere(fields.get("expiresAt")) || isDate(fields.get("expiresAt"))) &&
		matches(HASH, fields.get("ciphertextHash")) &&
		ciphertext !== "" &&
		matches(BASE64, ciphertext) &&
		["signature", "signatureAlgorithm"].every((name) => isTextOrAbsent(fields.get(name))) &&
		(!isThere(fields.get("envelope")) || isEnvelope(fieldsOf(fields.get("envelope"))))
	);
}

function isEnvelope(envelope: Fields | undefined): boolean {
	if (envelope === undefined) return false;
	const wrappedKey = envelope.get("wrappedKey");
	return (
		matches(/^(?:aws|gcp|azure)$/, envelope.get("provider")) &&
		["keyId", "algorithm"].every((name) => isSignable(envelope.get(name))) &&
		wrappedKey !== "" &&
		matches(BASE64, wrappedKey) &&
		matches(IV, envelope.get("iv")) &&
		matches(AUTH_TAG, envelope.get("authTag"))
	);
}

function isSignable(value: unknown): boolean {
	return typeof value === "string" && value !== "" && !UNSIGNABLE.test(value);
}

function isDate(value: unknown): boolean {
	if (typeof value !== "string") return false;
	const parts = DATE.exec(value)
		?.slice(1)
		.map((part) => Number(part ?? 0));
	if (parts === undefined) return false;
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] =
		parts;
	const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
	const days = month === 2 && !isLeap ? 28 : (DAYS[month - 1] ?? 0);
	// 24:00 is the end of the day, and ECMAScript takes it as such.
	const isEndOfDay = hour === 24 && /T24:00(?::00(?:\.0+)?)?[Z+-]/.test(value);
	const isTime = (hour < 24 || isEndOfDay) && minute < 60 && second < 60;
	return day >= 1 && day <= days && isTime && zoneHour < 24 && zoneMinute < 60;
}

function matches(pattern: RegExp, value: unknown): boolean {
	// A `$` also stands before a line feed at the end in some languages; not in this one.
	return typeof value === "string" && pattern.test(value);
}

function isTextOrAbsent(value: unknown): boolean {
	return !isThere(value) || typeof value === "string";
}

function isThere(value: unknown): boolean {
	return value !== undefined && value !== null;
}
