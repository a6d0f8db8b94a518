// A state timeline panel: which state held when, by agent.

import { legend, text } from "../svg.js";
import { COLOURS, MUTED } from "./colours.js";

/** @typedef {import("./picture.js").DrawnPanel} DrawnPanel */
/** @typedef {import("./picture.js").Story} Story */
/** @typedef {{ value: number, from: number, to: number }} Stretch */

const AXIS_PX = 30;
const LETTER_PX = 6.2;
const TICK_SECONDS = 10;

/**
 * The inside of a state timeline panel as SVG, drawn from 0 downwards and to the right.
 * @param {DrawnPanel} panel
 * @param {Story} story
 * @param {{ width: number, height: number }} room in pixels
 */
export function timeline({ series, fieldConfig }, { start, end }, { width, height }) {
	const states = fieldConfig?.defaults.mappings?.[0]?.options ?? {};
	const [left, right] = [12, width - 12];
	/** @param {number} at in ms */
	const place = (at) => left + ((at / 1000 - start) / (end - start)) * (right - left);
	const entries = Object.values(states).map(({ text: name, color }) => ({
		name,
		colour: COLOURS.get(color) ?? MUTED,
	}));
	const below = legend(entries, right - left, MUTED);
	const rowHeight = (height - AXIS_PX - below.height) / series.length;
	const bars = series.flatMap(({ name, points }, row) => {
		const top = 4 + rowHeight * row;
		const drawn = stretches(points, end * 1000).map(({ value, from, to }) => {
			const [x, span] = [place(from), place(to) - place(from)];
			return bar(states[String(value)], { x, y: top + 18, width: span, height: rowHeight - 22 });
		});
		return [text(left, top + 11, name, { fill: MUTED, size: 11 }), ...drawn];
	});
	const ticks = Array.from({ length: Math.floor((end - start) / TICK_SECONDS) + 1 }, (_, index) => {
		const at = index * TICK_SECONDS;
		return text(place((start + at) * 1000), height - below.height - 12, `${at} s`, {
			fill: MUTED,
			anchor: "middle",
			size: 11,
		});
	});
	const names = `<g transform="translate(${left} ${height - below.height - 4})">${below.drawn}</g>`;
	return [...bars, ...ticks, names].join("");
}

/**
 * @param {{ text: string, color: string } | undefined} state
 * @param {{ x: number, y: number, width: number, height: number }} place
 */
function bar(state, { x, y, width, height }) {
	const name = state?.text ?? "";
	const fill = COLOURS.get(state?.color ?? "");
	const box = `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" fill-opacity="0.85"/>`;
	if (name.length * LETTER_PX + 6 > width) return box;
	const style = { fill: "#111217", anchor: "middle", size: 11, weight: 600 };
	return box + text(x + width / 2, y + height / 2 + 4, name, style);
}

/** @param {readonly [number, number][]} points @param {number} end */
function stretches(points, end) {
	/** @type {Stretch[]} */
	const found = [];
	for (const [at, value] of points) {
		const current = found.at(-1);
		if (current !== undefined) current.to = current.value === value ? end : at;
		if (current?.value !== value) found.push({ value, from: at, to: end });
	}
	return found;
}
