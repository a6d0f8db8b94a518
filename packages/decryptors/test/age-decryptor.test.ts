import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { Encrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { AgeDecryptor } from "../src/age-decryptor.js";
import { AgeKeyring } from "../src/age-keyring.js";
import { sealed } from "./sealed.js";
import { calm, rejection, verified } from "./verified.js";

const decryptor = new AgeDecryptor(new AgeKeyring(vectorKeys.ageSecretKey));
/** Fails the test if anything is handed to it. */
const unreached = new AgeDecryptor({ open: () => expect.unreachable("the file is not to be opened") });

describe("AgeDecryptor", () => {
	it("opens what another implementation packed", async () => {
		const plaintext = await decryptor.decrypt(verified(vector("plain")), calm);
		expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual(vectorSecrets);
	});

	it("leaves the artifact's ciphertext as it was, so that it opens again", async () => {
		const artifact = verified(vector("plain"));
		const first = await decryptor.decrypt(artifact, calm);
		first.fill(0);
		expect(JSON.parse(Buffer.from(await decryptor.decrypt(artifact, calm)).toString())).toEqual(
			vectorSecrets,
		);
	});

	it("A14 does not run scrypt for a passphrase, nor touch a key for it", async () => {
		const encrypter = new Encrypter();
		encrypter.setPassphrase("open sesame");
		encrypter.setScryptWorkFactor(1);
		const artifact = sealed(await encrypter.encrypt("x"));
		expect(await rejection(unreached.decrypt(artifact, calm))).toMatchObject({
			code: "DECRYPT_NO_IDENTITY",
			message: expect.stringContaining("passphrase"),
		});
	});

	it("does not begin once aborted", async () => {
		const reason = new RangeError("closing");
		const decrypting = unreached.decrypt(verified(vector("plain")), AbortSignal.abort(reason));
		expect(await rejection(decrypting)).toBe(reason);
	});
});
