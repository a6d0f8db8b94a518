import { CommandError } from "../command-error.js";

/** `clef-agent exec`: says that it is not built yet. */
export async function exec(): Promise<number> {
	throw new CommandError("COMMAND_NOT_BUILT", "exec is not built yet", {
		hint: "run clef-agent beside the command and let it read http://127.0.0.1:7779/v1/secrets",
	});
}
