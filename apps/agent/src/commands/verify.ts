import {
	ArtifactError,
	importTrustedKeys,
	parseArtifact,
	TrustFloor,
	verifyArtifact,
} from "@clef-sh/artifact";
import { parseArguments, usageError } from "../arguments.js";
import { CommandError } from "../command-error.js";
import type { CommandIo } from "../command-io.js";
import { readInput } from "../read-input.js";

/** `clef-agent verify FILE`: judges an artifact by the rules of an agent that has just started. */
export async function verify(args: readonly string[], io: CommandIo): Promise<number> {
	const { values, positionals } = parseArguments("verify", args, {
		options: { key: { type: "string" }, identity: { type: "string" }, environment: { type: "string" } },
		maxPositionals: 1,
	});
	const [file] = positionals;
	if (file === undefined) throw usageError("verify", "FILE is missing");
	const { identity, environment } = values;
	const trustedKeys = importTrustedKeys(await keyText(values.key, io));
	const artifact = parseArtifact(await readInput(file, io));
	if (artifact.kind === "revocation") throw revoked(artifact.revokedAtMs);
	const policy = {
		trustedKeys,
		floor: new TrustFloor(),
		...(identity === undefined ? {} : { identity }),
		...(environment === undefined ? {} : { environment }),
	};
	const { header } = verifyArtifact(artifact, policy, io.now());
	io.stdout.write(`ok: ${header.identity}/${header.environment}, revision ${header.revision}\n`);
	return 0;
}

/** A key given as text: PEM, or DER in base64, where every public key begins with M. */
const KEY_TEXT = /^\s*(?:-----BEGIN |M[A-Za-z0-9+/=,\s]{50,}$)/;

/** Without a key only accidents would be found, and "ok" would promise more than was checked. */
async function keyText(given: string | undefined, io: CommandIo): Promise<string> {
	const { CLEF_AGENT_VERIFY_KEY: fromEnvironment, CLEF_AGENT_VERIFY_KEY_FILE: fileFromEnvironment } = io.env;
	if (given === undefined && fromEnvironment) return fromEnvironment;
	if (given !== undefined && KEY_TEXT.test(given)) return given;
	const file = given ?? fileFromEnvironment;
	if (file) return (await readInput(file, io)).toString("utf8");
	throw new CommandError("COMMAND_USAGE", "there is no key to verify with", {
		hint: "give the public key, or a file with it, as --key, or set CLEF_AGENT_VERIFY_KEY",
	});
}

function revoked(revokedAtMs: number | undefined): ArtifactError {
	const at = revokedAtMs === undefined ? "" : ` at ${new Date(revokedAtMs).toISOString()}`;
	return new ArtifactError("ARTIFACT_REVOKED", `The artifact was revoked${at}; pack a new one.`);
}
