import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of its own for one test. */
export interface TemporaryDirectory {
	readonly path: string;
	remove(): Promise<void>;
}

/** Makes one; whoever asks for it removes it. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
	const path = await mkdtemp(join(tmpdir(), "clef-sources-"));
	return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
