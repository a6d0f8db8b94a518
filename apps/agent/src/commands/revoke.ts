import { revokeArtifact } from "@clef-sh/pack";
import { parseArguments, usageError } from "../arguments.js";
import type { CommandIo } from "../command-io.js";
import { readInput } from "../read-input.js";
import { writeOutput } from "../write-output.js";

/** `clef-agent revoke FILE`: puts a revocation in the artifact's place. */
export async function revoke(args: readonly string[], io: CommandIo): Promise<number> {
	const { values, positionals } = parseArguments("revoke", args, {
		options: { output: { type: "string", short: "o" } },
		maxPositionals: 1,
	});
	const [file] = positionals;
	if (file === undefined) throw usageError("revoke", "FILE is missing");
	const artifact = await readInput(file, io);
	await writeOutput(values.output ?? file, revokeArtifact(artifact.toString("utf8"), io.now()), io);
	return 0;
}
