import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importTrustedKeys, parseArtifact, TrustFloor, verifyArtifact } from "@clef-sh/artifact";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { ArtifactFile, type KeptArtifact, systemFiles } from "../src/index.js";

const NOW_MS = Date.parse("2026-11-22T05:00:00.000Z");

/** One agent's view of a directory that several may share. */
function fileIn(directory: string): ArtifactFile {
	let count = 0;
	const uniqueName = () => `${process.pid}${count++}`;
	const uid = process.getuid?.();
	const source = "http https://secrets.example/artifact";
	return new ArtifactFile({ directory, source, files: systemFiles, uid, uniqueName, now: () => NOW_MS });
}

/** An artifact as an agent with an own floor keeps it. */
async function kept(packedAt: string): Promise<KeptArtifact> {
	const bytes = await sealArtifact({ packedAt, revision: packedAt });
	const floor = new TrustFloor();
	const trustedKeys = importTrustedKeys(vectorKeys.ed25519PublicKey);
	const parsed = parseArtifact(bytes);
	if (parsed.kind !== "artifact") throw new TypeError("sealArtifact made a revocation");
	const artifact = verifyArtifact(parsed, { trustedKeys, floor }, NOW_MS);
	floor.raise(artifact);
	return { artifact, bytes, validator: undefined, confirmedAtMs: NOW_MS, floor };
}

it("A1 A9 D35 a revocation keeps what the floor on disk has that is higher", async () => {
	const directory = mkdtempSync(join(tmpdir(), "clef-agent-test-"));
	onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
	const older = await kept("2026-11-22T04:00:00.000Z");
	const newer = await kept("2026-11-22T04:30:00.000Z");
	const behind = fileIn(directory);
	await behind.save(older);
	await fileIn(directory).save(newer);

	older.floor.revoke({ kind: "revocation", revokedAtMs: older.artifact.header.packedAtMs }, NOW_MS);
	await behind.revoke(older.floor);

	const left = await fileIn(directory).load();
	expect(left?.bytes).toBeUndefined();
	expect(left?.floor.revokedAtMs).toBe(older.artifact.header.packedAtMs);
	expect(left?.floor.marks).toMatchObject([{ packedAtMs: newer.artifact.header.packedAtMs }]);
});
