// Where a link in a Markdown file of the repository leads on the site. All links within the site are relative, so
// that it may be served from any folder.

import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";

/** Files that the site has as they are. */
const FILES = /^docs\/(?:images\/.+|openapi\.json)$/;

/**
 * The page's address from the site's root; a folder's README is its index.
 * @param {string} source the file, from the repository's root
 * @returns {string}
 */
export function pageUrl(source) {
	if (source === "docs/openapi.json") return "http-api-reference.html";
	return source
		.replace(/^docs\//, "")
		.replace(/(^|\/)README\.md$/, "$1index.md")
		.replace(/\.md$/, ".html")
		.toLowerCase();
}

/**
 * From one page to another address of the site.
 * @param {string} fromUrl
 * @param {string} toUrl
 * @returns {string}
 */
export function relativeUrl(fromUrl, toUrl) {
	return posix.relative(posix.dirname(fromUrl), toUrl) || posix.basename(toUrl);
}

/**
 * Makes the function that turns a page's links into those of the site: to its page or file where the site has it, and
 * otherwise to the file in the repository. A link to nothing stays as it is, and is reported.
 * @param {string} root the repository
 * @param {ReadonlySet<string>} sources the Markdown files that are pages
 * @param {string} repository its address on the web
 * @param {(problem: string) => void} report
 * @returns {(target: string, source: string) => string}
 */
export function linkResolver(root, sources, repository, report) {
	return (target, source) => {
		if (/^[a-z]+:/.test(target) || target.startsWith("#")) return target;
		const [path = "", heading] = target.split("#");
		const file = posix.join(posix.dirname(source), path).replace(/\/$/, "");
		if (file.startsWith("..") || !existsSync(join(root, file))) {
			report(`${source}: the link ${target} leads nowhere`);
			return target;
		}
		const anchor = heading === undefined ? "" : `#${heading}`;
		if (sources.has(file)) return `${relativeUrl(pageUrl(source), pageUrl(file))}${anchor}`;
		if (FILES.test(file)) return relativeUrl(pageUrl(source), file.replace(/^docs\//, ""));
		const kind = statSync(join(root, file)).isDirectory() ? "tree" : "blob";
		return `${repository}/${kind}/main/${file}${anchor}`;
	};
}
