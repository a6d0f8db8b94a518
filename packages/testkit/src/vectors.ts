import { readFileSync } from "node:fs";

/** An artifact made by another implementation of the format. */
export type VectorName =
	| "plain"
	| "signed"
	| "signed-expires"
	| "signed-ecdsa"
	| "expired"
	| "revoked"
	| "tampered-identity"
	| "tampered-ciphertext"
	| "tampered-rehashed"
	| "truncated";

/** The throw-away keys every vector was made with: an age pair, and base64 DER signing keys. */
export interface VectorKeys {
	readonly ageSecretKey: string;
	readonly ageRecipient: string;
	readonly ed25519PublicKey: string;
	readonly ed25519PrivateKey: string;
	readonly ecdsaPublicKey: string;
}

const directory = new URL("../vectors/", import.meta.url);

/** The bytes of one vector, as a source would deliver them; a fresh buffer on each call. */
export function vector(name: VectorName): Buffer {
	return readFileSync(new URL(`${name}.age.json`, directory));
}

/** The keys of the vectors. */
export const vectorKeys: VectorKeys = readJson("keys.json");

/** The plaintext of every vector that decrypts: namespace → key → value. */
export const vectorSecrets: Readonly<Record<string, Readonly<Record<string, string>>>> =
	readJson("secrets.json");

function readJson<T>(name: string): T {
	return JSON.parse(readFileSync(new URL(name, directory), "utf8"));
}
