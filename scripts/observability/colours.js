// The colours of the picture of the dashboard.

/** What is read first. */
export const TEXT = "#d5d6e0";
/** What is read next. */
export const MUTED = "#9fa1ad";
/** Lines behind curves and around panels. */
export const LINES = "#2c2f36";

/** Grafana's names for the colours that the dashboard uses. */
export const COLOURS = new Map([
	["green", "#73bf69"],
	["yellow", "#f2cc0c"],
	["orange", "#ff9830"],
	["red", "#f2495c"],
	["purple", "#b877d9"],
	["text", TEXT],
]);
