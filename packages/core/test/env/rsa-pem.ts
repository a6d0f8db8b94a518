import { generateKeyPairSync, type KeyExportOptions } from "node:crypto";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** An RSA private key made for this run, as text. */
export function rsaPem(form: KeyExportOptions<"pem">): string {
	return privateKey.export(form).toString();
}
