import { DecryptError } from "./decrypt-error.js";

/**
 * Loads packages that are installed only where they are needed.
 *
 * `names` is what the sentence tells to install, separated by spaces; rejects with `DECRYPT_UNWRAP_FAILED` when
 * one is missing.
 */
export async function loadPackage<T>(names: string, load: () => Promise<T>): Promise<T> {
	try {
		return await load();
	} catch (error) {
		if (Object(error).code !== "ERR_MODULE_NOT_FOUND") throw error;
		throw new DecryptError(
			"DECRYPT_UNWRAP_FAILED",
			`This artifact's key needs a package that is not installed; run \`npm install ${names}\`.`,
		);
	}
}
