import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { ArtifactError } from "./artifact-error.js";
import { decodeBase64 } from "./base64.js";

/** How a key signs; taken from the key, never from the artifact. */
export type SignatureAlgorithm = "Ed25519" | "ECDSA_SHA256";

/** A public key whose signatures are believed. */
export interface TrustedKey {
	readonly algorithm: SignatureAlgorithm;
	/** Lower-case hex SHA-256 of the key's DER SPKI. */
	readonly fingerprint: string;
	readonly key: KeyObject;
}

const PEM = /^-----BEGIN ([A-Z0-9 ]+)-----(.*)-----END \1-----$/s;

/** Between list items: a comma, or the border of two PEM blocks. */
const SEPARATOR = /,|(?<=-----END [A-Z0-9 ]{1,40}-----)(?=(?:\s|\\n)*-----BEGIN )/;

/** White space, and the two characters `\n` that some tools leave in environment variables. */
const LINE_BREAKS = /\s|\\[nr]/g;

/** Imports a public key given as PEM or as base64 DER SPKI; throws `ARTIFACT_KEY_UNSUPPORTED`. */
export function importTrustedKey(text: string): TrustedKey {
	return importKey(text, "The verify key");
}

/** Imports keys separated by commas, or PEM blocks back to back; throws `ARTIFACT_KEY_UNSUPPORTED`. */
export function importTrustedKeys(list: string): readonly TrustedKey[] {
	const items = list.split(SEPARATOR);
	if (items.length === 1) return [importTrustedKey(list)];
	return items.map((item, index) => importKey(item, `Verify key ${index + 1} of ${items.length}`));
}

/** `subject` begins the error's sentence; the key's text is never part of it. */
function importKey(text: string, subject: string): TrustedKey {
	const key = readPublicKey(decodeDer(text, subject), subject);
	const spki = key.export({ type: "spki", format: "der" });
	return Object.freeze({
		algorithm: algorithmOf(key, subject),
		fingerprint: createHash("sha256").update(spki).digest("hex"),
		key,
	});
}

function decodeDer(text: string, subject: string): Uint8Array {
	const trimmed = text.replace(/^(?:\s|\\[nr])+|(?:\s|\\[nr])+$/g, "");
	if (trimmed === "") throw unsupported(subject, "is empty");
	const pem = PEM.exec(trimmed);
	if (pem?.[1]?.endsWith("PRIVATE KEY")) throw privateKeyGiven(subject);
	if (pem !== null && pem[1] !== "PUBLIC KEY") throw unsupported(subject, `is a PEM ${pem[1]} block`);
	const der = decodeBase64((pem?.[2] ?? trimmed).replace(LINE_BREAKS, ""));
	if (der === undefined) throw unsupported(subject, "is neither PEM nor base64");
	return der;
}

function readPublicKey(der: Uint8Array, subject: string): KeyObject {
	try {
		return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
	} catch {
		// No cause: what OpenSSL says about foreign bytes helps nobody.
		throw isPrivateKey(der) ? privateKeyGiven(subject) : unsupported(subject, "is not a DER SPKI key");
	}
}

function isPrivateKey(der: Uint8Array): boolean {
	try {
		return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }).type === "private";
	} catch {
		return false;
	}
}

function algorithmOf(key: KeyObject, subject: string): SignatureAlgorithm {
	const curve = key.asymmetricKeyDetails?.namedCurve;
	if (key.asymmetricKeyType === "ed25519") return "Ed25519";
	if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return "ECDSA_SHA256";
	throw unsupported(subject, `is of the type ${[key.asymmetricKeyType, curve].filter(Boolean).join(" ")}`);
}

function unsupported(subject: string, complaint: string): ArtifactError {
	return new ArtifactError(
		"ARTIFACT_KEY_UNSUPPORTED",
		`${subject} ${complaint}; give an Ed25519 or ECDSA P-256 public key as PEM or base64 DER SPKI.`,
	);
}

function privateKeyGiven(subject: string): ArtifactError {
	return new ArtifactError(
		"ARTIFACT_KEY_UNSUPPORTED",
		`${subject} is a private key; give its public key, and replace the private one if others could read it.`,
	);
}
