// Words and legends of pictures, as SVG.

/**
 * Text that an SVG shows as it is.
 * @param {string} content
 */
export function escaped(content) {
	return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/**
 * One line of words; `y` is that of their base line.
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {{ fill: string, size?: number, anchor?: string, weight?: number }} style
 */
export function text(x, y, content, { fill, size = 12, anchor = "start", weight = 400 }) {
	return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}" text-anchor="${anchor}" font-weight="${weight}">${escaped(content)}</text>`;
}

const LEGEND_ROW_PX = 17;
/** Generous, since nobody knows which font will be there. */
const LETTER_PX = 6.1;
const CAPITAL_PX = 1.6;
const AROUND_PX = 28;

/**
 * Names with their colours, in as many rows as they need.
 * @param {readonly { name: string, colour: string }[]} entries
 * @param {number} width
 * @param {string} fill of the names
 * @returns {{ height: number, drawn: string }} drawn from 0 downwards
 */
export function legend(entries, width, fill) {
	let [x, y] = [0, 0];
	const drawn = entries.map(({ name, colour }) => {
		const capitals = name.match(/[A-Z_]/g)?.length ?? 0;
		const needed = name.length * LETTER_PX + capitals * CAPITAL_PX + AROUND_PX;
		if (x > 0 && x + needed > width) {
			x = 0;
			y += LEGEND_ROW_PX;
		}
		const swatch = `<rect x="${x}" y="${y + 5}" width="12" height="4" fill="${colour}"/>`;
		const entry = swatch + text(x + 16, y + 11, name, { fill, size: 11 });
		x += needed;
		return entry;
	});
	return { height: y + LEGEND_ROW_PX, drawn: drawn.join("") };
}
