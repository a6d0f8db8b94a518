// docs/threat-model.md: each attack, what stands against it and which tests show that.

import { collectTitles, titlesOf } from "../attacks/coverage.js";
import { ATTACKS } from "../attacks.js";
import { table } from "./table.js";

/** @typedef {import("../attacks.js").Attack} Attack */
/** @typedef {import("../attacks/coverage.js").NumberedTitle} NumberedTitle */
/** @typedef {import("../attacks/coverage.js").TestKind} TestKind */

const INTRODUCTION = `<!-- Made by \`npm run docs\` from scripts/attacks.js and the titles of tests; edit the table there. -->

# Threat model

**Protected:** the secrets, and that only what its owner packed is served. **Trusted:** this machine's root, the
agent's own process and configuration, the holder of the signing key, whoever has the token. **Not trusted:** the
source and the network to it, web pages, other machines, other processes without the token.

Each line links tests that prove it; the number stands in their titles. \`npm run check:attacks\` counts them, and
fails where the unit tests or those of the built command (\`e2e\`) leave a line out. Without a verify key, lines
marked ⚿ do not hold: artifacts are then only checked for damage, and the agent warns.
`;

const LIMITS = `## Known limits

- **Restarts.** Trust floor and revocations survive one only when \`CLEF_AGENT_CACHE_PATH\` is set and the disk works;
  see [reliability](reliability.md#the-last-known-good-artifact-on-disk).
  A disk that does not answer within two seconds at the start is gone on without, for good; and of two agents that
  share a directory and write at the same moment, the one that is behind may win until the other's next poll.
- **Changed keys and tokens.** Files are read again: the age key at each decryption, verify keys and source tokens at
  each refresh, the API token every few seconds and on SIGHUP. Removing a verify key takes effect at the next
  refresh; what it signed stays at most for the TTL. The private key of a GitHub App and a source's URL are read once.
- **Memory.** Strings of JavaScript cannot be wiped; the serialised response and decrypted bytes are. X25519
  identities are held as keys that cannot be exported, post-quantum ones as bytes in the age library; the environment
  of the process, if the key was given there, keeps its text.
- **Core dumps** hold all memory, and the agent cannot forbid them itself (D41): set the core size limit to 0 where it
  runs, with \`LimitCORE=0\` in a systemd unit or \`ulimit -c 0\` in a shell.
`;

/** More links than this make a row unreadable; the number finds the rest. */
const LINKS = 4;

/** The page, with a row for each attack and links to its tests. */
export function threatModelPage() {
	const titles = collectTitles();
	const rows = ATTACKS.map((attack) => row(attack, titles));
	return [INTRODUCTION, table(["", "attack", "defence", "tests"], rows), LIMITS].join("\n");
}

/** @param {Attack} attack @param {readonly NumberedTitle[]} titles */
function row({ number, attack, defence, needsVerifyKey, notBuilt }, titles) {
	const sign = needsVerifyKey ? " ⚿" : "";
	if (notBuilt !== undefined) return [number, attack, `not built: ${notBuilt}`, ""];
	return [
		number,
		`${attack}${sign}`,
		defence,
		links(files(titles, number, "unit"), files(titles, number, "built command")),
	];
}

/**
 * Both kinds of tests, as evenly as there are any.
 * @param {readonly string[]} unit
 * @param {readonly string[]} command
 */
function links(unit, command) {
	const half = LINKS / 2;
	const fromUnit = unit.slice(0, Math.max(half, LINKS - command.length));
	const shown = [...fromUnit, ...command.slice(0, LINKS - fromUnit.length)];
	const more = unit.length + command.length - shown.length;
	return [...shown.map(link), ...(more === 0 ? [] : [`and ${more} more`])].join(", ");
}

/** @param {string} file */
function link(file) {
	const label = file.replace(/^(?:packages|apps)\//, "").replace(/\/(?:test|src)\//, "/");
	return `[${label.replace(/(?:\.test)?\.ts$/, "")}](../${file})`;
}

/** @param {readonly NumberedTitle[]} titles @param {string} number @param {TestKind} kind */
function files(titles, number, kind) {
	return [...new Set(titlesOf(titles, number, kind).map(({ file }) => file))].sort();
}
