// The search: its library and its index are loaded when it is first opened.

import { INDEX_OPTIONS, SEARCH_OPTIONS } from "./search-options.js";

const MOST_RESULTS = 12;

/** @typedef {import("./minisearch.js").default} MiniSearch */

/** Shows the button, and opens the search by it or by the key `/`. */
export function setUpSearch() {
	const button = document.querySelector(".search-button");
	const dialog = document.querySelector("dialog.search");
	const input = dialog?.querySelector("input");
	if (!(button instanceof HTMLButtonElement) || !(dialog instanceof HTMLDialogElement) || !input) return;
	/** @type {Promise<MiniSearch | undefined> | undefined} */
	let loading;
	const load = () => {
		loading ??= loadIndex(dialog).catch(() => {
			loading = undefined;
			say(dialog, "The search could not be loaded; it is tried again as you type.");
			return undefined;
		});
		return loading;
	};
	const open = () => {
		void load();
		dialog.showModal();
		input.select();
	};
	button.hidden = false;
	button.addEventListener("click", open);
	document.addEventListener("keydown", (event) => {
		if (dialog.open || event.key !== "/" || isTyping(event.target)) return;
		event.preventDefault();
		open();
	});
	input.addEventListener("input", async () => {
		const index = await load();
		// Whatever was typed while the index was on its way.
		if (index !== undefined) show(dialog, index, input.value.trim());
	});
	dialog.addEventListener("keydown", (event) => moveFocus(dialog, event));
	dialog.addEventListener("click", ({ target }) => {
		// A click beside it, or on a result, which may be on this very page.
		if (target === dialog || (target instanceof Element && target.closest("li"))) dialog.close();
	});
}

/** @param {HTMLDialogElement} dialog */
async function loadIndex(dialog) {
	const [{ default: Index }, response] = await Promise.all([
		import("./minisearch.js"),
		fetch(dialog.dataset.index ?? ""),
	]);
	return Index.loadJSON(await response.text(), INDEX_OPTIONS);
}

/** @param {HTMLDialogElement} dialog @param {MiniSearch} index @param {string} words */
function show(dialog, index, words) {
	const found = words === "" ? [] : index.search(words, SEARCH_OPTIONS);
	say(dialog, words === "" || found.length > 0 ? "" : `Nothing found for “${words}”.`);
	const results = found.slice(0, MOST_RESULTS).map(({ id, title, page, excerpt }) => {
		const link = document.createElement("a");
		link.href = new URL(id, new URL(dialog.dataset.root ?? "", location.href)).href;
		link.append(line("strong", title === page ? page : `${page} › ${title}`), line("span", excerpt));
		const item = document.createElement("li");
		item.append(link);
		return item;
	});
	dialog.querySelector("ol")?.replaceChildren(...results);
}

/** @param {HTMLDialogElement} dialog @param {string} text */
function say(dialog, text) {
	const status = dialog.querySelector("[role=status]");
	if (status !== null) status.textContent = text;
}

/** @param {string} name @param {string} text */
function line(name, text) {
	const element = document.createElement(name);
	element.textContent = text;
	return element;
}

/** The arrow keys go through the results, and Enter in the input follows the first. @param {HTMLDialogElement} dialog @param {KeyboardEvent} event */
function moveFocus(dialog, event) {
	const input = dialog.querySelector("input");
	const links = [...dialog.querySelectorAll("a")];
	const at = links.findIndex((link) => link.matches(":focus"));
	if (event.key === "Enter" && event.target === input) {
		event.preventDefault();
		links[0]?.click();
	} else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
		event.preventDefault();
		const next = event.key === "ArrowDown" ? at + 1 : at - 1;
		(next < 0 ? input : links[Math.min(next, links.length - 1)])?.focus();
	}
}

/** @param {EventTarget | null} target */
function isTyping(target) {
	return target instanceof HTMLElement && target.closest("input, textarea, select") !== null;
}
