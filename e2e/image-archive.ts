import { expect } from "vitest";
import { runProgram } from "./command.js";

/** One entry of a layer: its type and mode as `ls` shows them, its owner, and for a link where it leads. */
export interface LayerEntry {
	readonly mode: string;
	readonly owner: string;
	readonly link?: string;
}

/** An image as it lies in its archive. */
export interface ImageArchive {
	/** Of the manifest: under this one a registry has the image. */
	readonly digest: string;
	/** The image's configuration. */
	readonly configuration: Readonly<Record<string, unknown>>;
	readonly entries: ReadonlyMap<string, LayerEntry>;
}

/** Reads an OCI archive that holds one image of one layer. */
export async function readArchive(file: string): Promise<ImageArchive> {
	const { manifests } = await json(file, "index.json");
	expect(manifests).toHaveLength(1);
	const { digest } = manifests[0];
	const { config, layers } = await json(file, blob(digest));
	expect(layers).toHaveLength(1);
	const listed = await tarInTar(file, blob(layers[0].digest), ["-tv", "--numeric-owner"]);
	const lines = listed.trimEnd().split("\n");
	return {
		digest,
		configuration: await json(file, blob(config.digest)),
		entries: new Map(lines.map(entryOf)),
	};
}

/** Unpacks the layer of such an archive. */
export async function unpackLayer(file: string, folder: string): Promise<void> {
	const { manifests } = await json(file, "index.json");
	const { layers } = await json(file, blob(manifests[0].digest));
	await tarInTar(file, blob(layers[0].digest), ["-x", "-C", folder]);
}

function blob(digest: string): string {
	return `blobs/${digest.replace(":", "/")}`;
}

async function json(file: string, path: string) {
	const { status, stdout, stderr } = await runProgram("tar", ["-xOf", file, path]);
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	return JSON.parse(stdout);
}

/** Reads a compressed tar that lies in another, without unpacking it in between. */
async function tarInTar(file: string, path: string, args: readonly string[]): Promise<string> {
	const script = 'outer=$1 path=$2; shift 2; tar -xOf "$outer" "$path" | tar -z "$@" -f -';
	const ended = await runProgram("sh", ["-c", script, "sh", file, path, ...args]);
	expect(ended).toMatchObject({ status: 0, stderr: "" });
	return ended.stdout;
}

/** Reads a line such as `-r--r--r-- 0/0  27 1970-01-01 00:00 etc/group`. */
function entryOf(line: string): [path: string, entry: LayerEntry] {
	const [, mode = "", owner = "", name = "", link] =
		/^(\S{10}) (\S+) +\d+ 1970-01-01 00:00 (.+?)\/?(?: -> (.+))?$/.exec(line) ?? [];
	expect(name, `an entry with no time of its own: ${line}`).not.toBe("");
	return [name, link === undefined ? { mode, owner } : { mode, owner, link }];
}
