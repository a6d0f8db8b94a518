// What a page can do besides being read: change its theme, copy code, search. It reads well without any of it.

import { setUpSearch } from "./search.js";

setUpTheme();
for (const block of document.querySelectorAll("main pre")) addCopyButton(block);
setUpSearch();
showCurrentEntry();

function setUpTheme() {
	const button = document.querySelector(".theme-button");
	if (!(button instanceof HTMLButtonElement)) return;
	const { dataset } = document.documentElement;
	const prefersDark = matchMedia("(prefers-color-scheme: dark)");
	const isDark = () => (dataset.theme === undefined ? prefersDark.matches : dataset.theme === "dark");
	const show = () => {
		button.textContent = isDark() ? "Light" : "Dark";
	};
	button.addEventListener("click", () => {
		dataset.theme = isDark() ? "light" : "dark";
		localStorage.setItem("theme", dataset.theme);
		show();
	});
	prefersDark.addEventListener("change", show);
	button.hidden = false;
	show();
}

/** @param {Element} block */
function addCopyButton(block) {
	// Browsers have no clipboard for pages that came over plain HTTP from another machine.
	if (!isSecureContext) return;
	const text = block.textContent ?? "";
	const frame = document.createElement("div");
	frame.className = "code";
	block.replaceWith(frame);
	const button = document.createElement("button");
	button.type = "button";
	button.textContent = "Copy";
	button.addEventListener("click", async () => {
		await navigator.clipboard.writeText(text);
		button.textContent = "Copied";
		setTimeout(() => {
			button.textContent = "Copy";
		}, 2_000);
	});
	frame.append(block, button);
}

/** In a sidebar longer than the window. */
function showCurrentEntry() {
	const menu = document.querySelector(".menu");
	const current = menu?.querySelector("[aria-current]");
	if (!(menu instanceof HTMLElement) || !(current instanceof HTMLElement)) return;
	const below = current.offsetTop + current.offsetHeight - menu.clientHeight / 2;
	if (below > menu.clientHeight / 3) menu.scrollTop = below;
}
