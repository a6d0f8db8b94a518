import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A file of deploy/systemd. */
export function systemdFile(name: string): string {
	return readFileSync(fileURLToPath(new URL(`../deploy/systemd/${name}`, import.meta.url)), "utf8");
}

/** Every value that a unit gives to one key, in order. */
export function settings(unit: string, key: string): readonly string[] {
	const lines = unit.split("\n").filter((line) => line.startsWith(`${key}=`));
	return lines.map((line) => line.slice(key.length + 1));
}

/** The environment that a unit and its environment file make, with systemd's specifiers filled in. */
export function unitEnvironment(
	unit: string,
	environmentFile: string,
	specifiers: Readonly<Record<string, string>>,
): Record<string, string> {
	const given = environmentFile.split("\n").filter((line) => /^\w+=/.test(line));
	const set = settings(unit, "Environment").map((text) =>
		text.replace(/%(.)/g, (specifier, letter: string) => specifiers[letter] ?? specifier),
	);
	return Object.fromEntries([...given, ...set].map((line) => line.split(/=(.*)/s).slice(0, 2)));
}
