import { PackError } from "./pack-error.js";

/** Loads the SDK of a provider; rejects with `PACK_KMS_FAILED` naming the packages where one is not installed. */
export async function loadSdk<T>(packages: readonly string[], load: () => Promise<T>): Promise<T> {
	try {
		return await load();
	} catch (error) {
		if (!isMissing(error)) throw error;
		const names = packages.join(" and ");
		throw new PackError(
			"PACK_KMS_FAILED",
			`Packing for this KMS needs ${names}, which ${packages.length > 1 ? "are" : "is"} not installed; run npm install ${packages.join(" ")}.`,
		);
	}
}

function isMissing(error: unknown): boolean {
	return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
