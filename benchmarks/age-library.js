// The very copy of the age library that the agent uses.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const decryptors = createRequire(new URL("../packages/decryptors/package.json", import.meta.url));

/** @typedef {{ addIdentity(text: string): void, decrypt(file: Uint8Array, format: "text"): Promise<string> }} Decrypter */
/** @type {{ Decrypter: new () => Decrypter }} */
const age = await import(pathToFileURL(decryptors.resolve("age-encryption")).href);

/**
 * The library's own way to decrypt, with the first identity of a key file.
 * @param {string} keyFile its content
 */
export function plainDecrypter(keyFile) {
	const decrypter = new age.Decrypter();
	decrypter.addIdentity(keyFile.match(/AGE-SECRET-KEY-\S+/)?.[0] ?? "");
	return decrypter;
}
