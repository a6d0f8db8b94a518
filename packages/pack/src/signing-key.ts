import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { decodeBase64 } from "@clef-sh/artifact";
import { PackError } from "./pack-error.js";
import type { Signer } from "./signer.js";

/** An imported private key; the key material stays inside. */
export class SigningKey implements Signer {
	readonly #key: KeyObject;
	readonly #digest: "sha256" | null;

	/**
	 * Imports Ed25519 or P-256 from PEM (PKCS#8, or SEC1 `EC PRIVATE KEY`) or from PKCS#8 DER in base64.
	 *
	 * Throws `PACK_KEY_INVALID`, never quoting the text.
	 */
	constructor(text: string) {
		// Environment variables often hold the two characters `\n` where a PEM file has a line break.
		this.#key = importPrivateKey(text.replaceAll("\\n", "\n").trim());
		this.#digest = digestOf(this.#key);
	}

	async publicKey(): Promise<string> {
		return createPublicKey(this.#key).export({ type: "spki", format: "der" }).toString("base64");
	}

	async sign(payload: Uint8Array): Promise<Uint8Array> {
		return sign(this.#digest, payload, { key: this.#key, dsaEncoding: "der" });
	}
}

function importPrivateKey(text: string): KeyObject {
	if (text.includes("-----BEGIN ENCRYPTED") || text.includes("Proc-Type: 4,ENCRYPTED")) {
		throw invalid("is protected by a passphrase; decrypt it first, for example with `openssl pkey`");
	}
	const key = text.startsWith("-----BEGIN ") ? readPem(text) : readDer(text);
	if (key !== undefined) return key;
	if (isPublicKey(text)) throw invalid("is a public key; give the private key that belongs to it");
	throw invalid("cannot be read; give an Ed25519 or P-256 private key as PKCS#8 PEM or base64 DER");
}

function readPem(text: string): KeyObject | undefined {
	return attempt(() => createPrivateKey({ key: text, format: "pem" }));
}

function readDer(text: string): KeyObject | undefined {
	const der = derOf(text);
	return der && attempt(() => createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

function isPublicKey(text: string): boolean {
	if (text.startsWith("-----BEGIN ")) return /^-----BEGIN [A-Z ]*PUBLIC KEY/.test(text);
	const der = derOf(text);
	return (
		der !== undefined &&
		attempt(() => createPublicKey({ key: der, format: "der", type: "spki" })) !== undefined
	);
}

/** Key files wrap their base64, so white space is let through here, unlike in an artifact. */
function derOf(text: string): Buffer | undefined {
	const bytes = decodeBase64(text.replace(/\s+/g, ""));
	return bytes && Buffer.from(bytes);
}

/** OpenSSL's reasons vary between versions and say nothing a user can act on, so they are dropped. */
function attempt(read: () => KeyObject): KeyObject | undefined {
	try {
		return read();
	} catch {
		return undefined;
	}
}

/** Ed25519 hashes by itself. */
function digestOf(key: KeyObject): "sha256" | null {
	if (key.asymmetricKeyType === "ed25519") return null;
	const curve = key.asymmetricKeyDetails?.namedCurve;
	if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return "sha256";
	throw invalid(
		`is of type ${curve ?? key.asymmetricKeyType}; give an Ed25519 or P-256 key, for example from \`clef-agent keygen --signing\``,
	);
}

function invalid(what: string): PackError {
	return new PackError("PACK_KEY_INVALID", `The signing key ${what}.`);
}
