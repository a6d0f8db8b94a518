import {
	constants,
	createCipheriv,
	createDecipheriv,
	generateKeyPairSync,
	type KeyObject,
	privateDecrypt,
	publicEncrypt,
	randomBytes,
	randomUUID,
	sign,
} from "node:crypto";
import { signDigest } from "./ecdsa-digest.js";

/** What a key can do; the names are those of AWS. */
export type AwsKeySpec = "SYMMETRIC_DEFAULT" | "RSA_2048" | "ECC_NIST_P256";

/** Whether it can do it now. */
export type AwsKeyState = "Enabled" | "Disabled" | "PendingDeletion";

/** A KMS key with its material. */
export interface AwsKmsKey {
	readonly keyId: string;
	readonly arn: string;
	readonly spec: AwsKeySpec;

	/** A test may change it. */
	state: AwsKeyState;

	/** Set while this operation, such as `Decrypt`, is not allowed. */
	readonly denied: Set<string>;
	readonly secret: Buffer;
	readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;
}

/** Makes a key of an account that does not exist. */
export function makeAwsKey(spec: AwsKeySpec, region: string): AwsKmsKey {
	const keyId = randomUUID();
	return {
		keyId,
		arn: `arn:aws:kms:${region}:111122223333:key/${keyId}`,
		spec,
		state: "Enabled",
		denied: new Set(),
		secret: randomBytes(32),
		pair: pairOf(spec),
	};
}

function pairOf(spec: AwsKeySpec): AwsKmsKey["pair"] {
	if (spec === "RSA_2048") return generateKeyPairSync("rsa", { modulusLength: 2048 });
	if (spec === "ECC_NIST_P256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
	return undefined;
}

/** Encrypts; a symmetric ciphertext begins with its key's id, as AWS's names its key, too. */
export function encryptWith(key: AwsKmsKey, plaintext: Uint8Array, algorithm = "SYMMETRIC_DEFAULT"): Buffer {
	if (key.pair !== undefined) return publicEncrypt(oaep(key.pair.publicKey, algorithm), plaintext);
	const iv = randomBytes(12);
	const cipher = createCipheriv("aes-256-gcm", key.secret, iv).setAAD(Buffer.from(key.keyId));
	const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
	return Buffer.concat([Buffer.from(key.keyId), iv, cipher.getAuthTag(), sealed]);
}

/** The id of the key that a symmetric ciphertext names. */
export function keyIdIn(ciphertext: Uint8Array): string {
	return Buffer.from(ciphertext.subarray(0, 36)).toString("latin1");
}

/** Decrypts; undefined when the ciphertext is damaged or of another key. */
export function decryptWith(key: AwsKmsKey, ciphertext: Uint8Array, algorithm: string): Buffer | undefined {
	try {
		if (key.pair !== undefined) return privateDecrypt(oaep(key.pair.privateKey, algorithm), ciphertext);
		const [iv, tag, sealed] = [
			ciphertext.subarray(36, 48),
			ciphertext.subarray(48, 64),
			ciphertext.subarray(64),
		];
		const decipher = createDecipheriv("aes-256-gcm", key.secret, iv, { authTagLength: 16 });
		decipher.setAAD(Buffer.from(key.keyId)).setAuthTag(tag);
		return Buffer.concat([decipher.update(sealed), decipher.final()]);
	} catch {
		return undefined;
	}
}

/** Signs with ECDSA P-256; a message of type `DIGEST` is a SHA-256 already and is not hashed again. */
export function signWith({ pair }: AwsKmsKey, message: Uint8Array, type: string): Buffer {
	if (pair === undefined) throw new TypeError("a symmetric key does not sign");
	return type === "DIGEST" ? signDigest(message, pair.privateKey) : sign("sha256", message, pair.privateKey);
}

function oaep(key: KeyObject, algorithm: string) {
	const oaepHash = algorithm === "RSAES_OAEP_SHA_1" ? "sha1" : "sha256";
	return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
}
