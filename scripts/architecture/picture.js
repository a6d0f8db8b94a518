// docs/images/architecture.svg: the packages, and an arrow from each to what its sources import.

import { escaped } from "../svg.js";
import { LINE, placed } from "./layout.js";

/** @typedef {import("./import-graph.js").PackageNode} PackageNode */
/** @typedef {import("./layout.js").Arrow} Arrow */
/** @typedef {import("./layout.js").Card} Card */
/** @typedef {import("./layout.js").Point} Point */

const MARGIN = 20;
const KEY = 34;

/** The page's colours are those of whoever looks: the picture has its own background in both. */
const STYLE = `
	.page { fill: #ffffff; stroke: #d0d7de; }
	.card { fill: #f6f8fa; stroke: #8c959f; }
	.app { fill: #ddf4ff; stroke: #0969da; }
	.alone { stroke-dasharray: 4 3; }
	.name { fill: #1f2328; font-size: 14px; font-weight: 600; }
	.text { fill: #59636e; font-size: 11px; }
	.arrow { fill: none; stroke: #59636e; stroke-width: 1.6; }
	.also { font-style: italic; }
	.head { fill: #59636e; }
	@media (prefers-color-scheme: dark) {
		.page { fill: #0d1117; stroke: #3d444d; }
		.card { fill: #151b23; stroke: #656c76; }
		.app { fill: #0c2d6b; stroke: #4493f8; }
		.name { fill: #f0f6fc; }
		.text { fill: #9198a1; }
		.arrow { stroke: #9198a1; }
		.head { fill: #9198a1; }
	}
`;

/**
 * The picture as SVG, the same for the same packages.
 * @param {readonly PackageNode[]} packages
 * @returns {string}
 */
export function architecturePicture(packages) {
	const { cards, arrows, ...inner } = placed(packages);
	const [width, height] = [Math.ceil(inner.width + 2 * MARGIN), Math.ceil(inner.height + 2 * MARGIN + KEY)];
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Inter, Helvetica, Arial, sans-serif" role="img">
<title>Packages and what they import</title>
<style>${STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<g transform="translate(${MARGIN} ${MARGIN})">
${[...arrows.map(arrowText), ...cards.map(cardText)].join("\n")}
</g>
<text class="text" x="${MARGIN}" y="${height - 18}">An arrow points at what is imported. Dashed: imports nothing of ours, and nothing of ours that is delivered imports it.</text>
</svg>
`;
}

/** @param {Card} card */
function cardText({ folder, name, lines, also, isAlone, x, y, width, height }) {
	const [left, top] = [x - width / 2, y - height / 2];
	const classes = ["card", ...(folder.startsWith("apps/") ? ["app"] : []), ...(isAlone ? ["alone"] : [])];
	/** @param {string} line @param {number} index */
	const words = (line, index) =>
		`<text class="text${index < lines.length ? "" : " also"}" x="${short(left + 12)}" y="${short(top + 40 + index * LINE)}">${escaped(line)}</text>`;
	return `<g id="${folder.replace("/", "-")}">
<rect class="${classes.join(" ")}" x="${short(left)}" y="${short(top)}" width="${width}" height="${height}" rx="6"/>
<text class="name" x="${short(left + 12)}" y="${short(top + 22)}">${escaped(name)}</text>
${[...lines, ...also].map(words).join("\n")}
</g>`;
}

/** Upright at each point. @param {Arrow} arrow */
function arrowText({ from, to, points: [start, ...rest] }) {
	if (start === undefined) throw new RangeError(`The arrow from ${from} to ${to} has no way.`);
	const curves = rest.map((end, index) => {
		const before = rest[index - 1] ?? start;
		const y = (before.y + end.y) / 2;
		return `C${at({ x: before.x, y })} ${at({ x: end.x, y })} ${at(end)}`;
	});
	return `<path class="arrow" d="M${at(start)}${curves.join("")}" marker-end="url(#head)"><title>${from} imports ${to}</title></path>`;
}

/** @param {Point} point */
function at({ x, y }) {
	return `${short(x)} ${short(y)}`;
}

/** A tenth of a pixel is fine enough, and the same on every machine. @param {number} value */
function short(value) {
	return String(Number(value.toFixed(1)));
}
