import type { FlatSecrets, NamespacedSecrets, Secrets } from "@clef-sh/core";
import { CommandError } from "../command-error.js";
import { printable } from "../printable.js";
import type { Naming } from "./exec-options.js";
import { steersPrograms } from "./steering-names.js";

/** Variables to their values, with a null prototype, so that every name is an ordinary one. */
export type Variables = Readonly<Record<string, string>>;

interface Entry {
	/** `<namespace>__<KEY>`, or the key where the payload is flat. */
	readonly listed: string;
	readonly key: string;
	readonly value: string;
}

interface Assignment {
	readonly variable: string;
	readonly entry: Entry;
	/** Whether the user chose the variable. */
	readonly isMapped: boolean;
}

/** What the agent itself takes from the payload; a command gets it only where it is named. */
const FOR_TELEMETRY: ReadonlySet<string> = new Set(["CLEF_TELEMETRY_HEADERS", "CLEF_TELEMETRY_TOKEN"]);

/**
 * The secrets as environment variables: exactly these values, or a CommandError COMMAND_ENVIRONMENT that names every
 * secret that cannot be one. No message holds a value.
 */
export function secretVariables(secrets: Secrets, naming: Naming): Variables {
	const entries = entriesOf(secrets);
	const problems: string[] = [];
	const assignments = assignmentsOf(entries, naming, problems);
	const variables: Record<string, string> = Object.create(null);
	const holders = new Map<string, Entry>();
	for (const { variable, entry, isMapped } of assignments) {
		const other = holders.get(variable);
		if (other === entry) continue;
		const problem =
			other === undefined
				? problemOf(variable, entry, isMapped)
				: `${quoted(other.listed)} and ${quoted(entry.listed)} would both be ${quoted(variable)}`;
		if (problem !== undefined) problems.push(problem);
		holders.set(variable, entry);
		variables[variable] = entry.value;
	}
	if (problems.length === 0) return variables;
	throw new CommandError("COMMAND_ENVIRONMENT", `the environment cannot be made: ${problems.join("; ")}`, {
		hint: "--map VARIABLE=SECRET gives a secret another variable, --only SECRET leaves out all others",
	});
}

function entriesOf(secrets: Secrets): Entry[] {
	const revealed = secrets.reveal();
	if (isFlat(secrets, revealed))
		return Object.entries(revealed).map(([key, value]) => ({ listed: key, key, value }));
	return Object.entries(revealed).flatMap(([namespace, keys]) =>
		Object.entries(keys).map(([key, value]) => ({ listed: `${namespace}__${key}`, key, value })),
	);
}

function isFlat({ shape }: Secrets, _revealed: FlatSecrets | NamespacedSecrets): _revealed is FlatSecrets {
	return shape === "flat";
}

function assignmentsOf(entries: readonly Entry[], naming: Naming, problems: string[]): Assignment[] {
	const { mapped, only, prefix } = naming;
	const uses = new Map<string, number>();
	for (const { key } of entries) uses.set(key, (uses.get(key) ?? 0) + 1);
	const named = (entry: Entry): Assignment => {
		const name = uses.get(entry.key) === 1 ? entry.key : entry.listed;
		return { variable: prefix + name, entry, isMapped: false };
	};
	const found = (option: string, name: string): Entry[] => {
		const entry = lookUp(entries, name);
		if (typeof entry === "object") return [entry];
		problems.push(`${option} names ${quoted(name)}, ${entry}`);
		return [];
	};
	const renamed = mapped.flatMap(({ variable, secret }) =>
		found("--map", secret).map((entry) => ({ variable, entry, isMapped: true })),
	);
	const elsewhere = new Set(renamed.map(({ entry }) => entry));
	const chosen =
		only === undefined
			? entries.filter(({ key }) => !FOR_TELEMETRY.has(key))
			: only.flatMap((name) => found("--only", name));
	return [...renamed, ...chosen.filter((entry) => !elsewhere.has(entry)).map(named)];
}

/** By listed name, or else by a bare key that only one namespace has, as the HTTP API does it; or why not. */
function lookUp(entries: readonly Entry[], name: string): Entry | string {
	const listed = entries.filter((entry) => entry.listed === name);
	const candidates = listed.length > 0 ? listed : entries.filter(({ key }) => key === name);
	const [first, second] = candidates;
	if (first === undefined) return "which the artifact does not hold";
	if (second === undefined) return first;
	return `which could be any of ${candidates.map((entry) => quoted(entry.listed)).join(", ")}`;
}

const HALF_CHARACTER = /\p{Surrogate}/u;

function problemOf(variable: string, entry: Entry, isMapped: boolean): string | undefined {
	const { listed, value } = entry;
	if (variable === "" || /[=\0]/.test(variable) || HALF_CHARACTER.test(variable)) {
		return `${quoted(variable)} cannot be the name of a variable`;
	}
	if (!isMapped && steersPrograms(variable)) {
		return `the secret ${quoted(listed)} would be ${quoted(variable)}, which steers the code that programs run`;
	}
	// A string of the operating system ends at a NUL.
	if (value.includes("\0")) return `the value of ${quoted(listed)} has a NUL character`;
	if (HALF_CHARACTER.test(value)) return `the value of ${quoted(listed)} has half a character`;
	return undefined;
}

function quoted(name: string): string {
	return printable(JSON.stringify(name));
}
