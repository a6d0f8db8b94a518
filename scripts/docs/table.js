// Tables of generated pages.

/**
 * A table in Markdown; cells stand as they are given.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
	const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
	return `${lines.join("\n")}\n`;
}
