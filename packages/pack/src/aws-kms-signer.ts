import { createHash, createPublicKey, verify } from "node:crypto";
import type { SignCommandInput } from "@aws-sdk/client-kms";
import { importTrustedKey } from "@clef-sh/artifact";
import { AwsKms, type AwsKmsOptions } from "./aws-kms.js";
import { PackError } from "./pack-error.js";
import type { Signer } from "./signer.js";

const KEY_KIND = "one made with --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY";
const PUBLIC_KEY_TASK = {
	task: "give the public key of",
	permission: "kms:GetPublicKey",
	keyKind: KEY_KIND,
} as const;
const SIGN_TASK = { task: "sign with", permission: "kms:Sign", keyKind: KEY_KIND } as const;

/** The longest message that KMS takes and hashes by itself. */
const MAX_RAW_BYTES = 4096;

/** Signs with an ECDSA P-256 key that never leaves AWS KMS. */
export class AwsKmsSigner implements Signer {
	readonly #kms: AwsKms;
	#publicKey: string | undefined;

	/** Takes an ARN of a key or an alias, a key id, or `alias/…`; throws `PACK_KEY_INVALID`. */
	constructor(keyId: string, options: AwsKmsOptions = {}) {
		this.#kms = new AwsKms(keyId, options);
	}

	/** Asked of KMS once; rejects with `PACK_KMS_FAILED`, or with `PACK_KEY_INVALID` for a key of another kind. */
	async publicKey(): Promise<string> {
		this.#publicKey ??= await this.#askPublicKey();
		return this.#publicKey;
	}

	/** The signature has passed verification with the public key; rejects like `publicKey`. */
	async sign(payload: Uint8Array): Promise<Uint8Array> {
		const key = Buffer.from(await this.publicKey(), "base64");
		const message = messageFor(payload);
		const { Signature } = await this.#kms.ask(SIGN_TASK, ({ sdk, client }, abortSignal) => {
			const input = { KeyId: this.#kms.keyId, SigningAlgorithm: "ECDSA_SHA_256", ...message } as const;
			return client.send(new sdk.SignCommand(input), { abortSignal });
		});
		const publicKey = createPublicKey({ key, format: "der", type: "spki" });
		if (Signature !== undefined && verify("sha256", payload, publicKey, Signature)) return Signature;
		throw new PackError(
			"PACK_KMS_FAILED",
			`AWS KMS made a signature with ${this.#kms.keyId} that its public key does not verify; check AWS_ENDPOINT_URL_KMS, and that an alias was not moved just now.`,
		);
	}

	async #askPublicKey(): Promise<string> {
		const { PublicKey, KeySpec, KeyUsage } = await this.#kms.ask(
			PUBLIC_KEY_TASK,
			({ sdk, client }, abortSignal) =>
				client.send(new sdk.GetPublicKeyCommand({ KeyId: this.#kms.keyId }), { abortSignal }),
		);
		const publicKey = Buffer.from(PublicKey ?? []).toString("base64");
		if (KeyUsage === "SIGN_VERIFY" && isP256(publicKey)) return publicKey;
		throw new PackError(
			"PACK_KEY_INVALID",
			`The AWS KMS key ${this.#kms.keyId} is ${KeySpec} for ${KeyUsage} and cannot sign artifacts; give ${KEY_KIND}.`,
		);
	}
}

/** Decided by the key itself, as agents do. */
function isP256(publicKey: string): boolean {
	try {
		return importTrustedKey(publicKey).algorithm === "ECDSA_SHA256";
	} catch {
		return false;
	}
}

/**
 * The two forms give the same signature. KMS is shown the payload itself where it fits, which policies may insist
 * on (`kms:MessageType`) and every emulator gets right; a longer one is hashed here.
 */
function messageFor(payload: Uint8Array): Pick<SignCommandInput, "Message" | "MessageType"> {
	if (payload.length <= MAX_RAW_BYTES) return { Message: payload, MessageType: "RAW" };
	return { Message: createHash("sha256").update(payload).digest(), MessageType: "DIGEST" };
}
