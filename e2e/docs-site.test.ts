import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { outline, readPages } from "@clef-sh/docs-site/html";
import { navigation, sidebarProblems } from "@clef-sh/docs-site/pages";
import { GROUPS } from "@clef-sh/docs-site/sidebar";
import { siteProblems } from "@clef-sh/docs-site/site-checks";
import { describe, expect, it, onTestFinished } from "vitest";
import { inherited } from "./command.js";
import {
	buildDocsSite,
	builder,
	builtSite,
	contents,
	copiedRepository,
	repository,
} from "./docs-site-stage.js";
import { eventually } from "./eventually.js";
import { temporaryFolder } from "./temporary-folder.js";

const site = builtSite();

describe("the documentation site", () => {
	it("is built with no problem, from every page of docs/", () => {
		const pages = readPages(site.folder);
		expect(site.said()).toEqual({
			status: 0,
			stdout: `${pages.length} pages are in ${site.folder}\n`,
			stderr: "",
		});
		expect(sidebarProblems(repository, GROUPS)).toEqual([]);
		expect(pages.length).toBeGreaterThan(40);
	});

	it("is the same bytes each time", async () => {
		const again = join(temporaryFolder(), "again");
		await buildDocsSite(again);
		expect(contents(again)).toEqual(contents(site.folder));
	});

	it("has every page in every page's sidebar, and the page itself as the current one", () => {
		const entries = navigation(repository, GROUPS).flatMap(({ pages }) => pages);
		for (const { url, html } of readPages(site.folder)) {
			const links = outline(html).elements.filter(({ name }) => name === "a");
			const current = links.filter(({ attributes }) => attributes["aria-current"] === "page");
			expect(current.map(({ attributes }) => resolved(url, attributes.href))).toEqual([url]);
			const targets = new Set(links.map(({ attributes }) => resolved(url, attributes.href)));
			expect(entries.filter((entry) => !targets.has(entry.url))).toEqual([]);
		}
	});

	it("has a place to link to for every operation, schema, error code and variable", () => {
		const { paths, components } = JSON.parse(readFileSync(join(repository, "docs/openapi.json"), "utf8"));
		const operations = Object.values<Record<string, { operationId: string }>>(paths)
			.flatMap((methods) => Object.values(methods))
			.map(({ operationId }) => operationId);
		const schemas = Object.keys(components.schemas).map((name) => `schema-${name}`);
		expect(idsOf("http-api-reference.html")).toEqual(expect.arrayContaining([...operations, ...schemas]));
		expect(operations.length).toBeGreaterThan(8);
		expect(idsOf("errors.html")).toEqual(expect.arrayContaining(components.schemas.AgentCode.enum.slice(2)));
		expect(idsOf("configuration.html")).toContain("CLEF_AGENT_CACHE_TTL");
	});

	it("says of an operation's answers what the document says", () => {
		const page = readPages(site.folder).find(({ url }) => url === "http-api-reference.html")?.html ?? "";
		const text = page.replace(/<[^>]+>/g, "");
		expect(text).toMatch(/429\s+A refresh was asked for less than a second ago\./);
		expect(text).toMatch(/Retry-After integer from 1: Seconds to wait before the next request\./);
		expect(text).toMatch(/If-None-Match\s+header\s+string\s+Tags of what the client has/);
	});

	it("leads to the repository for files that are no pages", () => {
		const links = outline(readFileSync(join(site.folder, "exec.html"), "utf8")).elements;
		const targets = links.map(({ attributes }) => attributes.href);
		expect(targets).toContain("https://github.com/clef-sh/clef-agent/tree/main/examples/exec");
		expect(targets).toContain("https://github.com/clef-sh/clef-agent/blob/main/examples/exec/init.sh");
	});
});

describe("a mistake on a page is found", () => {
	it.each([
		['<a href="none.html">x</a>', "the link none.html leads nowhere"],
		['<a href="../outside.html">x</a>', "the link ../outside.html leads nowhere"],
		['<a href="images">x</a>', "the link images leads nowhere"],
		['<a href="other.html#none">x</a>', "the link other.html#none leads to no place in that page"],
		['<a href="#none">x</a>', "the link #none leads to no place in that page"],
		['<img src="images/none.svg" alt="">', "the link images/none.svg leads nowhere"],
		[
			'<script src="https://cdn.example/x.js"></script>',
			"<script> loads https://cdn.example/x.js from elsewhere",
		],
		['<script src="//cdn.example/x.js"></script>', "<script> loads //cdn.example/x.js from elsewhere"],
		['<img src="https://cdn.example/x.png" alt="">', "<img> loads https://cdn.example/x.png from elsewhere"],
		[
			'<link rel="stylesheet" href="https://cdn.example/x.css">',
			"<link> loads https://cdn.example/x.css from elsewhere",
		],
		['<link rel="preload" as="font" href="data:x">', "<link> loads data:x from elsewhere"],
		["<script>alert(1)</script>", "a <script> is written in the page"],
		["<style>p { color: red }</style>", "<style> has a style of its own"],
		['<p style="color: red">x</p>', "<p> has a style of its own"],
		['<p onclick="alert(1)">x</p>', "<p> has the script onclick"],
		['<p id="first">x</p>', "the id first is there twice"],
		["<h1>x</h1>", "there are 2 headings of the first level"],
		["<h4>x</h4>", 'the heading "x" of level 4 skips one'],
	])("%s", (planted, problem) => {
		const folder = temporaryFolder();
		mkdirSync(join(folder, "images"));
		writeFileSync(join(folder, "images", "a.svg"), "<svg/>");
		writeFileSync(join(folder, "other.html"), '<h1 id="first">x</h1><a href="page.html#first">x</a>');
		const page = '<h1 id="first">x</h1><a href="other.html#first">x</a><img src="images/a.svg" alt="">';
		writeFileSync(join(folder, "page.html"), page);
		expect(siteProblems(folder)).toEqual([]);
		appendFileSync(join(folder, "page.html"), planted);
		expect(siteProblems(folder)).toEqual([`page.html: ${problem}`]);
	});
});

describe("a mistake in the repository fails the build", () => {
	it("all of them are named at once", async () => {
		const root = copiedRepository();
		writeFileSync(join(root, "docs", "kms", "unlisted.md"), "# Unlisted\n");
		rmSync(join(root, "docs", "lambda.md"));
		appendFileSync(
			join(root, "docs", "exec.md"),
			"\n[x](none.md) [y](errors.md#none) ![z](https://cdn.example/z.png)\n",
		);
		const { status, stdout, stderr } = await buildDocsSite(join(temporaryFolder(), "site"), root);
		expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
		expect(stderr.split("\n")).toEqual(
			expect.arrayContaining([
				"docs/kms/unlisted.md is in no group of docs-site/sidebar.js",
				"docs-site/sidebar.js names docs/lambda.md, which does not exist",
				"docs/exec.md: the link none.md leads nowhere",
				"docs/README.md: the link lambda.md leads nowhere",
				"exec.html: the link errors.html#none leads to no place in that page",
				"exec.html: <img> loads https://cdn.example/z.png from elsewhere",
			]),
		);
	});

	it("an entry for a folder takes what is there", () => {
		const root = temporaryFolder();
		mkdirSync(join(root, "docs", "notes"), { recursive: true });
		for (const name of ["b.md", "a.md"]) writeFileSync(join(root, "docs", "notes", name), `# Note ${name}\n`);
		const groups = [{ title: "Notes", entries: [{ source: "docs/notes/" }] }];
		const labels = () => navigation(root, groups).map(({ pages }) => pages.map(({ label }) => label));
		expect(labels()).toEqual([["Note a.md", "Note b.md"]]);
		expect(sidebarProblems(root, groups)).toEqual([]);
		expect(sidebarProblems(root, [...groups, ...groups])).toEqual([
			"docs-site/sidebar.js names docs/notes/a.md twice",
			"docs-site/sidebar.js names docs/notes/b.md twice",
		]);
	});
});

describe("a look at the built site", () => {
	it("is served on this machine alone, and nothing beside it", async () => {
		const folder = join(temporaryFolder(), "site");
		const child = spawn(process.execPath, [builder, "--serve", "--output", folder], { env: inherited() });
		onTestFinished(() => void child.kill());
		let said = "";
		child.stdout.setEncoding("utf8").on("data", (text: string) => {
			said += text;
		});
		await eventually("the address", () => said.includes("until you press Ctrl+C."));
		const { port, hostname, href } = new URL(/http:\S+/.exec(said)?.[0] ?? "");
		expect(hostname).toBe("127.0.0.1");
		const page = await fetch(`${href}errors.html`);
		expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
		expect(await page.text()).toBe(readFileSync(join(site.folder, "errors.html"), "utf8"));
		expect(await (await fetch(href)).text()).toBe(readFileSync(join(site.folder, "index.html"), "utf8"));
		writeFileSync(`${folder}-beside`, "x");
		for (const target of ["/none.html", "/install", "/%2e%2e/site-beside", "/..%2fsite-beside", "/%00", "/%"])
			expect(await rawStatus(Number(port), target), target).toBe(404);
		// No URL, and no reason to end.
		expect(await rawStatus(Number(port), "//")).toBe(200);
	});
});

/** The status of a request whose target is sent as it stands. */
async function rawStatus(port: number, path: string): Promise<number | undefined> {
	const request = get({ host: "127.0.0.1", port, path, agent: false });
	const [response] = (await once(request, "response")) as [IncomingMessage];
	response.resume();
	return response.statusCode;
}

function resolved(from: string, href = ""): string {
	return new URL(href, `http://site/${from}`).pathname.slice(1);
}

function idsOf(url: string): (string | undefined)[] {
	return outline(readFileSync(join(site.folder, url), "utf8")).elements.map(
		({ attributes }) => attributes.id,
	);
}
