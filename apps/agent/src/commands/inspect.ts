import { type ArtifactInspection, type Inspection, inspectArtifact } from "@clef-sh/pack";
import { parseArguments, usageError } from "../arguments.js";
import type { CommandIo } from "../command-io.js";
import { printable } from "../printable.js";
import { readInput } from "../read-input.js";

/** `clef-agent inspect FILE`: prints what an artifact says about itself, unchecked. */
export async function inspect(args: readonly string[], io: CommandIo): Promise<number> {
	const { values, positionals } = parseArguments("inspect", args, {
		options: { json: { type: "boolean" } },
		maxPositionals: 1,
	});
	const [file] = positionals;
	if (file === undefined) throw usageError("inspect", "FILE is missing");
	const inspection = inspectArtifact(await readInput(file, io));
	io.stdout.write(
		values.json === true ? `${JSON.stringify(inspection, null, 2)}\n` : aligned(rows(inspection)),
	);
	return 0;
}

type Row = readonly [label: string, value: string];

function rows(inspection: Inspection): readonly Row[] {
	if (inspection.kind === "artifact") return artifactRows(inspection);
	const { identity, environment, revision, revokedAt } = inspection;
	return [
		["revoked", revokedAt ?? "yes, without a readable date"],
		["identity", identity ?? "not named"],
		["environment", environment ?? "not named"],
		["revision", revision ?? "not named"],
	];
}

function artifactRows(artifact: ArtifactInspection): readonly Row[] {
	return [
		["identity", artifact.identity],
		["environment", artifact.environment],
		["revision", artifact.revision],
		["packed", artifact.packedAt],
		["expires", artifact.expiresAt ?? "never"],
		["encryption", encryption(artifact.encryption)],
		["ciphertext", `${artifact.ciphertextBytes} bytes`],
		["digest", artifact.digestOk ? "matches" : "DOES NOT MATCH: damaged or changed"],
		["signature", artifact.signed === undefined ? "none" : `${artifact.signed} (not checked: see verify)`],
	];
}

function encryption(sealed: ArtifactInspection["encryption"]): string {
	if (sealed.kind === "kms") return `KMS envelope: ${sealed.provider}, key ${sealed.keyId}`;
	if (sealed.recipients === undefined) return "age, but without a complete header";
	const counts = Object.entries(sealed.recipients).map(([type, count]) => `${count} × ${type}`);
	return `age: ${counts.join(", ")}`;
}

function aligned(rows: readonly Row[]): string {
	const width = Math.max(...rows.map(([label]) => label.length));
	// A name may hold escape sequences, and nobody has verified it.
	return rows.map(([label, value]) => `${label.padEnd(width)}  ${printable(value)}\n`).join("");
}
