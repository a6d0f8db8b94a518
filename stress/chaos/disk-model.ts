import { type ArtifactFacts, admits, type Floor, merged, NO_FLOOR, type Policy } from "./facts.js";

/** What may lie in the cache directory. */
export type DiskState =
	| { readonly kind: "nothing" }
	/** Something that cannot be used. */
	| { readonly kind: "damaged" }
	| DiskRecord;

/** A record as the model remembers it. */
interface DiskRecord {
	readonly kind: "record";
	/** Undefined for a revocation. */
	readonly artifact: ArtifactFacts | undefined;
	readonly tag: string | undefined;
	/** Wall times at which the source vouched for it, oldest first. */
	readonly confirmed: readonly number[];
	readonly floor: Floor;
	/** Somebody damaged the file: perhaps all of it is lost. */
	readonly isSuspect?: boolean;
	/** Perhaps some of the confirmations are lost, the last ones too. */
	readonly isVague?: boolean;
}

/** What an agent asks its disk to do. */
export type DiskOperation =
	| {
			readonly kind: "keep";
			readonly artifact: ArtifactFacts;
			readonly tag: string | undefined;
			readonly at: number;
	  }
	| { readonly kind: "revoke" };

/** What may lie there after an operation of an agent with this floor; `isSure` when nothing went wrong. */
export function afterOperation(
	disk: DiskState,
	operation: DiskOperation,
	floor: Floor,
	policy: Policy,
	isSure: boolean,
): readonly DiskState[] {
	const there = disk.kind === "record" ? disk.floor : NO_FLOOR;
	const replace = (base: Floor) => replaced(disk, operation, merged(floor, base), policy);
	const merging = replace(there);
	// A record that cannot be read is written over, and its floor is lost.
	const blind = replace(NO_FLOOR);
	const isSuspect = disk.kind === "damaged" || (disk.kind === "record" && disk.isSuspect === true);
	// A confirmation may be appended to a record whose damage lies further back.
	const patched = holds(disk, operation) ? [appended(disk, operation, false)] : [];
	if (isSure) return isSuspect ? [merging, blind, ...patched] : [merging];
	if (operation.kind === "revoke") return [merging, blind, { kind: "nothing" }, disk];
	return [merging, blind, disk].map((state) =>
		holds(disk, operation) ? appended(state, operation, true) : state,
	);
}

function replaced(disk: DiskState, operation: DiskOperation, floor: Floor, policy: Policy): DiskState {
	const blank = { kind: "record", tag: undefined, confirmed: [], floor } as const;
	if (operation.kind === "revoke") return { ...blank, artifact: undefined };
	const { artifact, at, tag } = operation;
	if (!admits(floor, artifact, policy)) return disk;
	const confirmed = disk.kind === "record" && holds(disk, operation) ? disk.confirmed : [];
	return { ...blank, artifact, tag, confirmed: withLast(confirmed, at) };
}

function holds(disk: DiskState, operation: DiskOperation): boolean {
	if (disk.kind !== "record" || operation.kind !== "keep") return false;
	return disk.artifact === operation.artifact && disk.tag === operation.tag;
}

/** With one more confirmation; a vague one was perhaps not written. */
function appended(disk: DiskState, operation: DiskOperation, isVague: boolean): DiskState {
	if (disk.kind !== "record" || operation.kind !== "keep") return disk;
	const { isVague: _, ...record } = disk;
	return { ...record, confirmed: withLast(record.confirmed, operation.at), ...(isVague && { isVague }) };
}

function withLast(confirmed: readonly number[], at: number): readonly number[] {
	return [...confirmed.filter((each) => each !== at), at];
}

/** What of a state an agent may find when it reads it: certain records, or nothing. */
export function readings(disk: DiskState): readonly DiskState[] {
	if (disk.kind !== "record") return [disk];
	const { isSuspect, isVague, ...sound } = disk;
	const { confirmed } = sound;
	const lasts = isVague ? confirmed : confirmed.slice(-1);
	const found = lasts.map((last) => ({ ...sound, confirmed: withLast(confirmed, last) }));
	if (found.length === 0) return isSuspect ? [{ kind: "damaged" }, sound] : [sound];
	return isSuspect ? [{ kind: "damaged" }, { ...sound, confirmed: [] }, ...found] : found;
}

/** The state after somebody cut the file off or turned a bit of it over. */
export function damaged(disk: DiskState): DiskState {
	return disk.kind === "record" ? { ...disk, isSuspect: true, isVague: true } : disk;
}
