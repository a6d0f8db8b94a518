import { PackError } from "./pack-error.js";

/** What a revocation keeps of the artifact, so that an operator can see what was revoked. */
const KEPT = ["identity", "environment", "packedAt", "revision"] as const;

/**
 * Turns an artifact's JSON text into its revocation: the clear fields and `revokedAt`, no ciphertext.
 *
 * Publish the result in the artifact's place; agents then accept only what is packed later than `nowMs`
 * (epoch milliseconds). An artifact that is revoked already keeps the earlier of the two dates. Any JSON
 * object will do, so that a damaged artifact can be revoked too; anything else throws `PACK_INPUT_INVALID`.
 */
export function revokeArtifact(text: string, nowMs: number): string {
	const fields = parseObject(text);
	const kept = KEPT.flatMap((name) => (typeof fields[name] === "string" ? [[name, fields[name]]] : []));
	const revokedAt = new Date(Math.min(nowMs, earlierDate(fields.revokedAt))).toISOString();
	return `${JSON.stringify({ version: 1, ...Object.fromEntries(kept), revokedAt }, null, 2)}\n`;
}

function parseObject(text: string): Record<string, unknown> {
	let value: unknown;
	try {
		// Agents let a byte-order mark through, so such a file may well be in use and have to be revoked.
		value = JSON.parse(text.replace(/^\uFEFF/, ""));
	} catch {
		throw notAnObject();
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw notAnObject();
	return { ...value };
}

function earlierDate(revokedAt: unknown): number {
	const parsed = typeof revokedAt === "string" ? Date.parse(revokedAt) : Number.NaN;
	return Number.isNaN(parsed) ? Number.POSITIVE_INFINITY : parsed;
}

function notAnObject(): PackError {
	return new PackError(
		"PACK_INPUT_INVALID",
		"The artifact to revoke is not a JSON object; give the packed file.",
	);
}
