import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentProcess } from "./agent-process.js";
import { commandPath } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

/** With what an agent has to be started so that its loads are recorded. */
export interface Recording {
	readonly env: Readonly<Record<string, string>>;
	readonly nodeArgs: readonly string[];
}

const CHUNKS = join(commandPath, "..", "chunks");
const RECORDER = fileURLToPath(new URL("record-loads.cjs", import.meta.url));

/** The addresses of all modules that an agent loads from its start to its stop: `node:` and `file:` URLs. */
export async function loadedBy(
	start: (recording: Recording) => Promise<AgentProcess>,
): Promise<readonly string[]> {
	const record = join(temporaryFolder(), "loads");
	writeFileSync(record, "");
	const agent = await start({ env: { RECORD_LOADS: record }, nodeArgs: ["--require", RECORDER] });
	await agent.stop();
	return readFileSync(record, "utf8").trim().split("\n");
}

/** The same by the names of the files alone. */
export async function loadedFiles(
	start: (recording: Recording) => Promise<AgentProcess>,
): Promise<readonly string[]> {
	return (await loadedBy(start)).map((address) => basename(address));
}

/** The built command's chunks whose code has this mark, by their file names. */
export function chunksWith(mark: RegExp): readonly string[] {
	return readdirSync(CHUNKS).filter((name) => mark.test(readFileSync(join(CHUNKS, name), "utf8")));
}
