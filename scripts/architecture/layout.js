// Where the packages stand in the picture: whoever imports stands below what it imports.

import { Graph, layout } from "@dagrejs/dagre";

/** @typedef {import("./import-graph.js").PackageNode} PackageNode */
/** @typedef {{ x: number, y: number }} Point */
/**
 * A package in the picture.
 * @typedef {object} Card
 * @property {string} folder
 * @property {string} name
 * @property {readonly string[]} lines what it is
 * @property {readonly string[]} also what it imports that the arrows lead to as well
 * @property {boolean} isAlone
 * @property {number} x of its centre, as y is
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */
/** @typedef {{ from: string, to: string, points: readonly Point[] }} Arrow */

/** Of a line of words. */
export const LINE = 15;
const CARD_WIDTH = 200;
const GAP = 24;
/** Above and below the lines, the name included. */
const AROUND_LINES = 36;
/** Generous, since nobody knows which font will be there. */
const LETTERS_PER_LINE = 31;

/**
 * Cards and arrows of the packages that import or are imported, and the cards of those that stand by themselves.
 * @param {readonly PackageNode[]} packages
 * @returns {{ cards: Card[], arrows: Arrow[], width: number, height: number }}
 */
export function placed(packages) {
	const imported = new Set(packages.flatMap(({ imports }) => imports));
	const cards = packages.map((one) => {
		const also = one.imports.filter((other) => isImplied(packages, one.folder, other));
		return card(one, also, one.imports.length === 0 && !imported.has(one.folder));
	});
	const graph = laidOut(cards, packages);
	const { width = 0, height = 0 } = graph.graph();
	const connected = cards
		.filter(({ isAlone }) => !isAlone)
		.map((one) => ({ ...one, ...centre(graph.node(one.folder)) }));
	const below = cards.filter(({ isAlone }) => isAlone).map((one, index) => inRowBelow(one, index, height));
	const edges = graph.edges().map((/** @type {{ v: string, w: string }} */ edge) => ({
		from: edge.v,
		to: edge.w,
		...graph.edge(edge),
	}));
	return {
		cards: [...connected, ...below],
		arrows: attached(edges, connected),
		width,
		height: Math.max(height, ...below.map((one) => one.y + one.height / 2)),
	};
}

/**
 * Arrows that leave a card at its upper edge and arrive at a lower one, next to each other. Of their ways only the
 * points are kept that lead them past other cards.
 * @param {readonly { from: string, to: string, points?: readonly Point[] }[]} edges
 * @param {readonly Card[]} cards
 * @returns {Arrow[]}
 */
function attached(edges, cards) {
	const cardOf = new Map(cards.map((one) => [one.folder, one]));
	/** @param {string} folder @param {"from" | "to"} end @param {string} otherFolder @returns {Point} */
	const attachment = (folder, end, otherFolder) => {
		const { x, y, width, height } = found(cardOf, folder);
		const others = edges
			.filter((edge) => edge[end] === folder)
			.map((edge) => edge[end === "from" ? "to" : "from"]);
		const ordered = others.toSorted((a, b) => found(cardOf, a).x - found(cardOf, b).x);
		const share = (ordered.indexOf(otherFolder) + 1) / (ordered.length + 1);
		return { x: x - width / 2 + width * share, y: end === "from" ? y - height / 2 : y + height / 2 };
	};
	return edges.map(({ from, to, points = [] }) => {
		// Next to the ends there is one more each, halfway to the next row.
		const between = points.slice(2, -2).flatMap((point) => pastRow(point, cards));
		return { from, to, points: [attachment(from, "from", to), ...between, attachment(to, "to", from)] };
	});
}

/** From below a row of cards to above it. @param {Point} point @param {readonly Card[]} cards @returns {Point[]} */
function pastRow({ x, y }, cards) {
	const half = Math.max(0, ...cards.filter((one) => Math.abs(one.y - y) < 1).map(({ height }) => height / 2));
	return half === 0
		? []
		: [
				{ x, y: y + half },
				{ x, y: y - half },
			];
}

/** @param {ReadonlyMap<string, Card>} cards @param {string} folder */
function found(cards, folder) {
	const one = cards.get(folder);
	if (one === undefined) throw new RangeError(`${folder} has no card.`);
	return one;
}

/** @param {readonly Card[]} cards @param {readonly PackageNode[]} packages */
function laidOut(cards, packages) {
	/** @type {Graph<import("@dagrejs/dagre").GraphLabel, import("@dagrejs/dagre").NodeLabel, import("@dagrejs/dagre").EdgeLabel>} */
	const graph = new Graph();
	graph.setGraph({ rankdir: "BT", nodesep: GAP, ranksep: 44, ranker: "longest-path" });
	for (const { folder, width, height, isAlone } of cards)
		if (!isAlone) graph.setNode(folder, { width, height });
	for (const { folder, imports } of packages)
		for (const other of imports) if (!isImplied(packages, folder, other)) graph.setEdge(folder, other, {});
	layout(graph);
	return graph;
}

/** @param {import("@dagrejs/dagre").NodeLabel} node @returns {Point} */
function centre({ x = 0, y = 0 }) {
	return { x, y };
}

/** @param {PackageNode} one @param {readonly string[]} alsoFolders @param {boolean} isAlone @returns {Card} */
function card({ folder, name, description }, alsoFolders, isAlone) {
	const lines = wrapped(description);
	const names = alsoFolders.map((other) => other.replace(/^.*\//, "")).join(", ");
	const also = names === "" ? [] : wrapped(`also imports ${names}`);
	const height = AROUND_LINES + (lines.length + also.length) * LINE;
	return { folder, name, lines, also, isAlone, x: 0, y: 0, width: CARD_WIDTH, height };
}

/** @param {Card} one @param {number} index @param {number} bottom @returns {Card} */
function inRowBelow(one, index, bottom) {
	return { ...one, x: CARD_WIDTH / 2 + index * (CARD_WIDTH + GAP), y: bottom + GAP + one.height / 2 };
}

/**
 * Whether something else that a package imports leads there as well.
 * @param {readonly PackageNode[]} packages
 * @param {string} from
 * @param {string} to
 */
function isImplied(packages, from, to) {
	const imports = new Map(packages.map((one) => [one.folder, one.imports]));
	/** @param {string} start @returns {boolean} */
	const reaches = (start) => start === to || (imports.get(start) ?? []).some(reaches);
	return (imports.get(from) ?? []).some((other) => other !== to && reaches(other));
}

/** @param {string} text @returns {string[]} */
function wrapped(text) {
	/** @type {string[]} */
	const lines = [];
	for (const word of text.split(" ")) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + word.length < LETTERS_PER_LINE)
			lines.splice(-1, 1, `${last} ${word}`);
		else lines.push(word);
	}
	return lines;
}
