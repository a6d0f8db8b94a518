import { type BigIntStats, statSync } from "node:fs";
import { stat } from "node:fs/promises";

/** The stamp of what does not exist or may not be seen. */
export const ABSENT = "absent";

/** What of a path is compared: its content's identity, or only that it is the same thing under that name. */
export type StampOf = (stats: BigIntStats) => string;

/** Differs after any write, replacement or change of mode; links are followed. */
export const ofContent: StampOf = ({ dev, ino, size, mtimeNs, ctimeNs }) =>
	[dev, ino, size, mtimeNs, ctimeNs].join(":");

/** Differs only after replacement; the birth time tells a new directory from an old one whose number it got. */
export const ofIdentity: StampOf = ({ dev, ino, birthtimeNs }) => [dev, ino, birthtimeNs].join(":");

/** Makes a short text that differs when what is at the path differs. Never rejects. */
export async function stamp(path: string, of: StampOf): Promise<string> {
	try {
		return of(await stat(path, { bigint: true }));
	} catch {
		return ABSENT;
	}
}

/** The same as `stamp`, blocking, for a starting point that nothing can slip in front of. */
export function stampNow(path: string, of: StampOf): string {
	try {
		return of(statSync(path, { bigint: true }));
	} catch {
		return ABSENT;
	}
}
