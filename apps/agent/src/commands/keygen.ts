import { generateAgeIdentity, generateSigningKey } from "@clef-sh/pack";
import { parseArguments, usageError } from "../arguments.js";
import type { CommandIo } from "../command-io.js";
import { createPrivateFile } from "../write-output.js";

/** `clef-agent keygen`: prints the secret half of a new key pair, and on standard error what to do with the public half. */
export async function keygen(args: readonly string[], io: CommandIo): Promise<number> {
	const { values } = parseArguments("keygen", args, {
		options: {
			signing: { type: "boolean" },
			"post-quantum": { type: "boolean" },
			output: { type: "string", short: "o" },
		},
	});
	const { signing = false, "post-quantum": postQuantum = false, output } = values;
	if (signing && postQuantum) throw usageError("keygen", "--signing and --post-quantum exclude each other");
	const made = signing ? signingKey() : await ageIdentity(postQuantum, io.now());
	if (output === undefined || output === "-") io.stdout.write(made.secret);
	else await createPrivateFile(output, made.secret, io);
	io.stderr.write(made.note);
	return 0;
}

interface Made {
	readonly secret: string;
	readonly note: string;
}

function signingKey(): Made {
	const { privateKey, publicKey } = generateSigningKey();
	return { secret: `${privateKey.trimEnd()}\n`, note: `CLEF_AGENT_VERIFY_KEY=${publicKey}\n` };
}

/** The layout age-keygen writes, so that the age tools read it too. */
async function ageIdentity(postQuantum: boolean, nowMs: number): Promise<Made> {
	const { identity, recipient } = await generateAgeIdentity({ postQuantum });
	const created = new Date(nowMs).toISOString();
	return {
		secret: `# created: ${created}\n# public key: ${recipient}\n${identity}\n`,
		note: `Public key: ${recipient}\n`,
	};
}
