// What is new in a version, from the changelogs that changesets write.

/** @typedef {{ name: string, changelog: string }} Changelog of one package */

/** The kinds of changes, as changesets name them, with what a reader calls them. */
const KINDS = new Map([
	["Major Changes", "Breaking changes"],
	["Minor Changes", "New"],
	["Patch Changes", "Corrected"],
]);
/** What only says that a package came along. */
const CAME_ALONG = /^Updated dependencies\b/;

/**
 * The notes of a version, or nothing where no changelog has changes for it.
 * @param {string} version
 * @param {readonly Changelog[]} changelogs
 * @returns {string | undefined}
 */
export function releaseNotes(version, changelogs) {
	const changes = changelogs.flatMap(({ name, changelog }) =>
		changesIn(sectionOf(changelog, "## ", version)).map((change) => ({ ...change, name })),
	);
	const sections = [...KINDS].flatMap(([kind, title]) => {
		const texts = new Set(changes.filter((change) => change.kind === kind).map(({ text }) => text));
		const items = [...texts].map((text) => {
			const names = changes
				.filter((change) => change.kind === kind && change.text === text)
				.map(({ name }) => name);
			return `${text}\n\n*${names.map((name) => `\`${name}\``).join(", ")}*`;
		});
		return items.length === 0 ? [] : [`## ${title}\n\n${items.join("\n\n")}\n`];
	});
	return sections.length === 0 ? undefined : sections.join("\n");
}

/** @param {string} section @returns {{ kind: string, text: string }[]} */
function changesIn(section) {
	return [...KINDS.keys()].flatMap((kind) =>
		sectionOf(section, "### ", kind)
			.split(/^- /m)
			.slice(1)
			// The first line begins with a commit, the others are set in by two spaces.
			.map((item) =>
				item
					.replace(/^[0-9a-f]{7,}: /, "")
					.replaceAll(/^ {2}/gm, "")
					.trim(),
			)
			.filter((text) => !CAME_ALONG.test(text))
			.map((text) => ({ kind, text })),
	);
}

/** What stands below a heading, up to the next of its rank. @param {string} text @param {string} rank @param {string} title */
function sectionOf(text, rank, title) {
	const parts = `\n${text}`.split(`\n${rank}`).slice(1);
	return parts.find((part) => part.startsWith(`${title}\n`)) ?? "";
}
