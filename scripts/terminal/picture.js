// Draws what was seen on a terminal as SVG.

import { escaped } from "../svg.js";

/** @typedef {import("./session.js").Shown} Shown */
/** @typedef {{ text: string, kind: "command" | "comment" | "output" | "log" }} Piece */
/** @typedef {readonly Piece[]} Line */

const COLUMNS = 114;
const LETTER = 7.9;
const LINE = 19;
const PADDING = 18;
const BAR = 34;

/** Dark on light pages too, as terminals are. */
const STYLE = `
	text { white-space: pre; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
	.prompt { fill: #7ee787; }
	.command { fill: #f0f6fc; }
	.comment { fill: #8b949e; }
	.output { fill: #a5d6ff; }
	.log { fill: #d2a8ff; }
	.title { fill: #8b949e; }
`;

/**
 * The picture of a session, with a title in the window's bar.
 * @param {readonly Shown[]} shown
 * @param {string} title
 * @returns {string}
 */
export function terminalPicture(shown, title) {
	const lines = shown.flatMap(({ command, output }, index) => [
		...(index > 0 && /\n./.test(command) ? [[]] : []),
		...commandLines(command),
		...outputLines(output),
	]);
	const width = Math.ceil(COLUMNS * LETTER + 2 * PADDING);
	const height = BAR + lines.length * LINE + 2 * PADDING - 6;
	const lights = ["#ff5f57", "#febc2e", "#28c840"].map(
		(colour, index) => `<circle cx="${PADDING + 4 + index * 18}" cy="${BAR / 2}" r="5.5" fill="${colour}"/>`,
	);
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117" stroke="#30363d"/>
${lights.join("")}
<text class="title" x="${width / 2}" y="${BAR / 2 + 5}" text-anchor="middle">${escaped(title)}</text>
${lines.map((line, index) => lineText(line, BAR + PADDING + index * LINE)).join("\n")}
</svg>
`;
}

/** @param {string} command @returns {Line[]} */
function commandLines(command) {
	return command.split("\n").map((line, index) => {
		const [, before = line, comment = ""] = /^(.*?)(\s+#.*)?$/.exec(line) ?? [];
		/** @type {Piece[]} */
		const pieces = [
			{ text: `${index === 0 ? "$ " : ""}${before}`, kind: "command" },
			{ text: comment.replace(/^\s+/, "  "), kind: "comment" },
		];
		return pieces.filter(({ text }) => text !== "");
	});
}

/** @param {string} output @returns {Line[]} */
function outputLines(output) {
	const lines = output.split("\n").filter((line) => line !== "");
	return lines.flatMap((line) => {
		/** @type {Piece["kind"]} */
		const kind = /^\d{4}-\d\d-\d\dT/.test(line) ? "log" : "output";
		return wrapped(line).map((text) => [{ text, kind }]);
	});
}

/** As a terminal of this width breaks lines: anywhere. @param {string} line */
function wrapped(line) {
	return line.match(new RegExp(`.{1,${COLUMNS}}`, "g")) ?? [];
}

/** @param {Line} line @param {number} y */
function lineText(line, y) {
	const spans = line.flatMap(({ text, kind }) =>
		text.startsWith("$ ") && kind === "command"
			? [span("$ ", "prompt"), span(text.slice(2), kind)]
			: [span(text, kind)],
	);
	return `<text x="${PADDING}" y="${y}">${spans.join("")}</text>`;
}

/** @param {string} text @param {string} kind */
function span(text, kind) {
	return `<tspan class="${kind}">${escaped(text)}</tspan>`;
}
