import { PackError } from "../src/index.js";

/** Runs what must be refused and hands back the error. */
export async function refusal(attempt: () => unknown): Promise<PackError> {
	try {
		await attempt();
	} catch (error) {
		if (error instanceof PackError) return error;
		throw error;
	}
	throw new TypeError("a test expected a refusal");
}
