import { sidecarProblems } from "./sidecar-rules.js";
import { withMistake } from "./stage.js";

/** What is found in an overlay with a mistake, or why it cannot be looked into at all. */
export async function problemsWith(overlay: string, from: string, to: string): Promise<string> {
	try {
		return sidecarProblems(await withMistake(overlay, from, to)).join("\n");
	} catch (error) {
		return String(error);
	}
}
