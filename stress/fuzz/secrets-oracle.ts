import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { inspect } from "node:util";
import type { Secrets } from "@clef-sh/artifact";
import type { Packed } from "./payload-oracle.js";

/** Asserts that secrets are what was packed, and show nothing of it when printed. */
export function assertSecrets(secrets: Secrets, packed: Packed): void {
	strictEqual(secrets.shape, packed.shape);
	deepStrictEqual(sorted(tableOf(secrets.reveal())), sorted(tableOfPacked(packed)));
	strictEqual(secrets.size, tableOfPacked(packed).filter(([, key]) => key !== undefined).length);
	deepStrictEqual(secrets.names(), [...new Set(listedNames(packed))].sort());
	strictEqual(inspect(secrets) + String(secrets) + JSON.stringify(secrets), "Secrets {}Secrets {}{}");
}

/** Whether secrets are what was packed. */
export function areSecrets(secrets: Secrets, packed: Packed): boolean {
	const [one, other] = [sorted(tableOf(secrets.reveal())), sorted(tableOfPacked(packed))];
	return secrets.shape === packed.shape && JSON.stringify(one) === JSON.stringify(other);
}

/** Namespace, key and value; a namespace alone where it is empty; no namespace where they are flat. */
type Row = readonly [namespace: string | undefined, key: string | undefined, value: string | undefined];

function tableOf(revealed: object): Row[] {
	return Object.entries(revealed).flatMap(([name, value]): Row[] => {
		if (typeof value === "string") return [[undefined, name, value]];
		ok(Object.getPrototypeOf(value) === null, "a namespace has a prototype");
		const keys = Object.entries<string>(value);
		return keys.length === 0
			? [[name, undefined, undefined]]
			: keys.map(([key, inner]) => [name, key, inner]);
	});
}

function tableOfPacked(packed: Packed): Row[] {
	if (packed.shape === "flat") return Array.from(packed.keys, ([key, value]) => [undefined, key, value]);
	return [...packed.namespaces].flatMap(([name, keys]): Row[] =>
		keys.size === 0 ? [[name, undefined, undefined]] : Array.from(keys, ([key, value]) => [name, key, value]),
	);
}

function listedNames(packed: Packed): string[] {
	if (packed.shape === "flat") return [...packed.keys.keys()];
	return [...packed.namespaces].flatMap(([name, keys]) => [...keys.keys()].map((key) => `${name}__${key}`));
}

function sorted(table: readonly Row[]): string[] {
	return table.map((row) => JSON.stringify(row)).sort();
}
