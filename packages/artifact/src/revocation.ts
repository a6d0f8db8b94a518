import type { Fields } from "./fields.js";
import { timestampMs } from "./timestamp.js";

/** The kill switch: a body that says its artifact, and every earlier one, must no longer be used. */
export interface Revocation {
	readonly kind: "revocation";
	/** Epoch milliseconds; absent when `revokedAt` is not a date and time. */
	readonly revokedAtMs?: number;
	/** Epoch milliseconds of the revoked artifact's own packing; absent when the body has no such date. */
	readonly packedAtMs?: number;
	/** The rest is as the body says, unchecked; absent where the body has no printable text for it. */
	readonly identity?: string;
	readonly environment?: string;
	readonly revision?: string;
}

/** Short enough for a log line, and on one line. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/** Reads a revocation, or returns `undefined` when the body has no `revokedAt`; nothing else has to be sound. */
export function readRevocation(fields: Fields): Revocation | undefined {
	if (fields.value("revokedAt") === undefined) return undefined;
	const revokedAtMs = dateMs(fields, "revokedAt");
	const packedAtMs = dateMs(fields, "packedAt");
	return Object.freeze({
		kind: "revocation",
		...(revokedAtMs === undefined ? {} : { revokedAtMs }),
		...(packedAtMs === undefined ? {} : { packedAtMs }),
		...printable(fields, "identity"),
		...printable(fields, "environment"),
		...printable(fields, "revision"),
	});
}

function dateMs(fields: Fields, name: string): number | undefined {
	const value = fields.value(name);
	const ms = typeof value === "string" ? timestampMs(value) : Number.NaN;
	return Number.isNaN(ms) ? undefined : ms;
}

function printable<Name extends string>(fields: Fields, name: Name): { readonly [Key in Name]?: string } {
	const value = fields.value(name);
	const empty: { [Key in Name]?: string } = {};
	return typeof value === "string" && PRINTABLE.test(value) ? { ...empty, [name]: value } : empty;
}
