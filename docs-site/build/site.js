// Builds the site: every page that the sidebar names, the search index, and the files that they load.

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Eleventy } from "@11ty/eleventy";
import { GROUPS } from "../sidebar.js";
import { readPages } from "./html.js";
import { linkResolver, relativeUrl } from "./links.js";
import { pageOutline, setUpMarkdown } from "./markdown.js";
import { openApiPage } from "./openapi-page.js";
import { navigation } from "./pages.js";
import { searchIndex } from "./search-index.js";

const here = fileURLToPath(new URL("../", import.meta.url));
const templates = join(here, "site");

/** @typedef {import("@11ty/eleventy").Configuration} Configuration */
/** @typedef {import("./pages.js").Page} Page */

/**
 * @param {string} root the repository
 * @param {string} output the folder of the site; what is there before goes
 * @returns {Promise<string[]>} links that lead nowhere
 */
export async function buildSite(root, output) {
	rmSync(output, { recursive: true, force: true });
	/** @type {string[]} */
	const problems = [];
	// Eleventy knows paths from the working directory only.
	const from = (/** @type {string} */ path) => relative(process.cwd(), path) || ".";
	const eleventy = new Eleventy(from(templates), from(output), {
		quietMode: true,
		configPath: null,
		config: (configuration) => configure(configuration, root, (problem) => problems.push(problem)),
	});
	eleventy.disableLogger();
	await eleventy.write();
	const pages = readPages(output);
	const assets = join(output, "assets");
	cpSync(join(here, "browser"), assets, {
		recursive: true,
		filter: (name) => !/\.d\.ts$|\.json$/.test(name),
	});
	cpSync(join(here, "node_modules", "minisearch", "dist", "es", "index.js"), join(assets, "minisearch.js"));
	cpSync(join(root, "docs", "images"), join(output, "images"), { recursive: true });
	cpSync(join(root, "docs", "openapi.json"), join(output, "openapi.json"));
	writeFileSync(join(assets, "search-index.json"), searchIndex(pages));
	return problems;
}

/** @param {Configuration} configuration @param {string} root @param {(problem: string) => void} report */
function configure(configuration, root, report) {
	const groups = navigation(root, GROUPS);
	const pages = groups.flatMap((group) => group.pages);
	const repository = repositoryAddress(root);
	const sources = new Set(pages.map(({ source }) => source).filter((source) => source.endsWith(".md")));
	configuration.setUseGitIgnore(false);
	configuration.setTemplateFormats(["md"]);
	configuration.addGlobalData("groups", groups);
	configuration.addGlobalData("repository", repository);
	configuration.addFilter("from", (/** @type {string} */ to, /** @type {string} */ url) =>
		relativeUrl(url, to),
	);
	configuration.addFilter("outline", pageOutline);
	configuration.amendLibrary("md", (markdown) =>
		setUpMarkdown(markdown, linkResolver(root, sources, repository, report)),
	);
	for (const [index, page] of pages.entries())
		configuration.addTemplate(page.url.replace(/\.html$/, ".md"), markdownOf(root, page.source), {
			...page,
			permalink: page.url,
			layout: "page.njk",
			templateEngineOverride: "md",
			previous: pages[index - 1],
			next: pages[index + 1],
		});
}

/** @param {string} root @param {string} source */
function markdownOf(root, source) {
	const text = readFileSync(join(root, source), "utf8");
	return source.endsWith(".json") ? openApiPage(JSON.parse(text)) : text;
}

/** @param {string} root */
function repositoryAddress(root) {
	const { repository } = JSON.parse(readFileSync(join(root, "apps", "agent", "package.json"), "utf8"));
	return repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
}
