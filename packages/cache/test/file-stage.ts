import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importTrustedKeys, parseArtifact, TrustFloor, verifyArtifact } from "@clef-sh/artifact";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { onTestFinished } from "vitest";
import { ArtifactFile, type ArtifactFileParts, type KeptArtifact } from "../src/index.js";
import { FaultFiles } from "./fault-files.js";

/** Wall time of every agent in these tests. */
export const NOW: number = Date.parse("2026-11-22T05:00:00.000Z");

/** The user these tests run as. */
export const ourUid: number | undefined = process.getuid?.();

/** Verifies an artifact sealed for the occasion, and raises the floor as taking it into use does. */
async function keep(
	options: Parameters<typeof sealArtifact>[0] = {},
	floor: TrustFloor = new TrustFloor(),
): Promise<KeptArtifact> {
	const bytes = await sealArtifact(options);
	const parsed = parseArtifact(bytes);
	if (parsed.kind === "revocation") throw new RangeError("sealed a revocation");
	const trustedKeys = importTrustedKeys(vectorKeys.ed25519PublicKey);
	const artifact = verifyArtifact(parsed, { trustedKeys, floor: new TrustFloor() }, NOW);
	floor.raise(artifact);
	return { artifact, bytes, validator: { etag: '"v1"' }, confirmedAtMs: NOW, floor };
}

/** A file in a new directory, over a disk that can be broken. */
export async function stage() {
	const directory = mkdtempSync(join(tmpdir(), "clef-cache-"));
	onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
	const faults = new FaultFiles();
	let names = 0;
	const make = (options: Partial<Pick<ArtifactFileParts, "identity" | "source" | "uid">> = {}) =>
		new ArtifactFile({
			directory,
			identity: "api-gateway",
			source: "file /artifact.json",
			files: faults.files,
			uid: ourUid,
			uniqueName: () => {
				names += 1;
				return String(names);
			},
			now: () => NOW,
			...options,
		});
	const folder = join(directory, "clef-agent");
	const floor = new TrustFloor();
	return {
		directory,
		/** The private folder in it. */
		folder,
		faults,
		floor,
		first: make(),
		/** The file as another process sees it. */
		again: make,
		kept: await keep({}, floor),
		newer: () => keep({ revision: "r2", packedAt: "2026-11-22T04:45:00.000Z" }),
		/** Of the record. */
		path: () => join(folder, readdirSync(folder).find((name) => name.endsWith(".clef")) ?? "none"),
	};
}
