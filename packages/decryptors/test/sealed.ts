import { createHash } from "node:crypto";
import type { VerifiedArtifact } from "@clef-sh/artifact";
import { Encrypter } from "age-encryption";
import { verified } from "./verified.js";

/** Puts any bytes where the ciphertext goes, with a digest that fits. */
export function sealed(ciphertext: Uint8Array, more: object = {}): VerifiedArtifact {
	const base64 = Buffer.from(ciphertext).toString("base64");
	const body = {
		version: 1,
		identity: "api-gateway",
		environment: "production",
		packedAt: "2026-11-22T00:00:00.000Z",
		revision: "1-00000000",
		ciphertextHash: createHash("sha256").update(base64).digest("hex"),
		ciphertext: base64,
		...more,
	};
	return verified(Buffer.from(JSON.stringify(body)));
}

/** An age file made by the real library. */
export function encrypt(plaintext: Uint8Array | string, ...recipients: string[]): Promise<Uint8Array> {
	const encrypter = new Encrypter();
	for (const recipient of recipients) encrypter.addRecipient(recipient);
	return encrypter.encrypt(plaintext);
}
