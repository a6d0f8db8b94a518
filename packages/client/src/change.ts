import { isNames, isRecord, type PackedSecrets } from "./shapes.js";

/** What differs between two revisions; names as `keys()` lists them, never values. */
export interface Change {
	readonly revision: string;
	/** The revision reported before this one, or `null` the first time, when every name is in `added`. */
	readonly since: string | null;
	readonly added: readonly string[];
	/** Where the agent does not know the earlier revision either, every name that both have. */
	readonly changed: readonly string[];
	readonly removed: readonly string[];
}

/** Whether a value is the data of a `revision` event. */
export function isChange(value: unknown): value is Change {
	if (!isRecord(value) || typeof value.revision !== "string") return false;
	const { since, added, changed, removed } = value;
	return (since === null || typeof since === "string") && [added, changed, removed].every(isNames);
}

/** What is known of the revision that was reported last. */
interface Reported {
	readonly revision: string;
	/** As `ETag` and `Last-Event-ID` carry it. */
	readonly tag: string;
	readonly names: ReadonlySet<string>;
	/** Only after the secrets themselves were read. */
	readonly fingerprints?: ReadonlyMap<string, string>;
}

/** Turns what the agent tells into changes that are complete and reported once. */
export class ChangeTracker {
	readonly #fingerprint: (text: string) => Promise<string>;
	#reported: Reported | undefined;

	/** @param fingerprint recognises a value again, so that values themselves need not be kept. */
	constructor(fingerprint: (text: string) => Promise<string>) {
		this.#fingerprint = fingerprint;
	}

	/** The revision to continue after, as `ETag` and `Last-Event-ID` carry it. */
	get tag(): string | undefined {
		return this.#reported?.tag;
	}

	/** The change that an event means, `known` for what was reported, or `gap` where it does not continue that. */
	takeEvent(event: Change): Change | "known" | "gap" {
		const before = this.#reported;
		if (event.revision === before?.revision) return "known";
		if (event.since === null) return this.#report(event.revision, new Set(event.added));
		if (event.since !== before?.revision) return "gap";
		const names = new Set(before.names);
		for (const name of event.removed) names.delete(name);
		for (const name of event.added) names.add(name);
		this.#reported = { revision: event.revision, tag: tagOf(event.revision), names };
		return event;
	}

	/** The change that a whole revision means; undefined when it was reported before. */
	async takeSecrets(tag: string, secrets: PackedSecrets): Promise<Change | undefined> {
		if (tag === this.tag) return undefined;
		const values = [...flattened(secrets)];
		const pairs = values.map(async ([name, value]) => [name, await this.#fingerprint(value)] as const);
		const fingerprints = new Map(await Promise.all(pairs));
		return this.#report(revisionOf(tag), new Set(fingerprints.keys()), fingerprints);
	}

	#report(revision: string, names: ReadonlySet<string>, fingerprints?: ReadonlyMap<string, string>): Change {
		const before = this.#reported;
		this.#reported = { revision, tag: tagOf(revision), names, ...(fingerprints && { fingerprints }) };
		const known = before?.names ?? new Set();
		const isSame = (name: string): boolean => {
			const earlier = before?.fingerprints?.get(name);
			return earlier !== undefined && earlier === fingerprints?.get(name);
		};
		return {
			revision,
			since: before?.revision ?? null,
			added: [...names].filter((name) => !known.has(name)),
			changed: [...names].filter((name) => known.has(name) && !isSame(name)),
			removed: [...(before?.names ?? [])].filter((name) => !names.has(name)),
		};
	}
}

/** A revision as the agent writes it into headers: percent-encoded where it has to be. */
function tagOf(revision: string): string {
	return /^[\w.:-]+$/.test(revision) ? revision : encodeURIComponent(revision.replace(/\p{Cs}/gu, "\ufffd"));
}

function revisionOf(tag: string): string {
	try {
		return decodeURIComponent(tag);
	} catch {
		return tag;
	}
}

/** Names as `GET /v1/keys` lists them. */
function* flattened(secrets: PackedSecrets): Generator<readonly [string, string]> {
	for (const [key, value] of Object.entries(secrets)) {
		if (typeof value === "string") yield [key, value];
		else for (const [inner, secret] of Object.entries(value)) yield [`${key}__${inner}`, secret];
	}
}
