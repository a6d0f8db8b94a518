import { createHmac, randomBytes } from "node:crypto";
import type { FlatSecrets, Secrets } from "@clef-sh/core";

/** What became of the names between two revisions, each list sorted. */
export interface NameChanges {
	readonly added: readonly string[];
	readonly changed: readonly string[];
	readonly removed: readonly string[];
}

/** Listed name → fingerprint of its value. */
type Fingerprints = ReadonlyMap<string, string>;

/** A client that was away for longer learns all names anew. */
const REMEMBERED = 16;
/** In base64url: 126 bits. */
const FINGERPRINT_CHARACTERS = 21;

/**
 * Which names the latest revisions had, and fingerprints that tell whether a value is another one.
 *
 * The fingerprints are keyed by random bytes of this process: what stays in memory tells nothing of a value, not even
 * to somebody who could guess it.
 */
export class RevisionNames {
	/** Made when it is first needed: to wake the random number generator takes some time, and most agents have no streams. */
	#key: Buffer | undefined;
	/** By the revision's id. */
	readonly #revisions = new Map<string, Fingerprints>();

	has(id: string): boolean {
		return this.#revisions.has(id);
	}

	/** Remembers what a revision has; the eldest is forgotten when there are too many. */
	remember(id: string, secrets: Secrets): void {
		this.#revisions.delete(id);
		this.#revisions.set(id, this.#fingerprints(secrets));
		const [eldest] = this.#revisions.keys();
		if (this.#revisions.size > REMEMBERED && eldest !== undefined) this.#revisions.delete(eldest);
	}

	/** From a revision to another, which must be known; where the first is not, everything counts as added. */
	between(from: string | undefined, to: string): NameChanges {
		const before = (from === undefined ? undefined : this.#revisions.get(from)) ?? new Map<string, string>();
		const after = this.#revisions.get(to) ?? new Map<string, string>();
		const names = [...after.keys()];
		return {
			added: names.filter((name) => !before.has(name)).sort(),
			changed: names.filter((name) => before.has(name) && before.get(name) !== after.get(name)).sort(),
			removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
		};
	}

	#fingerprints(secrets: Secrets): Fingerprints {
		const known = new Map<string, string>();
		for (const [name, value] of listed(secrets)) {
			// Two secrets may share a listed name; it has changed when either of them has.
			const earlier = known.get(name) ?? "";
			known.set(name, earlier + this.#fingerprint(value));
		}
		return known;
	}

	#fingerprint(value: string): string {
		this.#key ??= randomBytes(32);
		return createHmac("sha256", this.#key).update(value).digest("base64url").slice(0, FINGERPRINT_CHARACTERS);
	}
}

/** Every value under its listed name. */
function* listed(secrets: Secrets): Generator<readonly [string, string]> {
	for (const [outer, value] of Object.entries<string | FlatSecrets>(secrets.reveal())) {
		if (typeof value === "string") yield [outer, value];
		else for (const [key, inner] of Object.entries(value)) yield [`${outer}__${key}`, inner];
	}
}
