import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readPages } from "@clef-sh/docs-site/html";
import { serveFolder } from "@clef-sh/docs-site/serve";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { builtSite } from "./docs-site-stage.js";
import { itWith, part, programPath } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

const present = part("chromium");
const DESKTOP = { width: 1_280, height: 900 };
const PHONE = { width: 390, height: 844 };

const site = builtSite();
let server: Awaited<ReturnType<typeof serveFolder>>;
let browser: Browser | undefined;

beforeAll(async () => {
	server = await serveFolder(site.folder, 0);
	if (present.present) browser = await chromium.launch({ executablePath: programPath("chromium") });
});
afterAll(async () => {
	await browser?.close();
	server.close();
});

/** A page in a browser of its own, and what that complains of or asks others for. */
async function opened(path: string, options: BrowserContextOptions = {}, url = server.url) {
	if (browser === undefined) throw new TypeError("Chromium did not start.");
	const context = await browser.newContext({ viewport: DESKTOP, ...options });
	onTestFinished(() => context.close());
	const page = await context.newPage();
	const complaints: string[] = [];
	page.on("console", (message) => complaints.push(message.text()));
	page.on("pageerror", ({ message }) => complaints.push(message));
	page.on("request", (request) => {
		if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
	});
	page.on("requestfailed", (request) => {
		const reason = request.failure()?.errorText;
		// A page's icon may still be on its way when the next page is asked for.
		if (reason !== "net::ERR_ABORTED") complaints.push(`did not get ${request.url()}: ${reason}`);
	});
	page.on("response", (response) => {
		if (!response.ok()) complaints.push(`got ${response.status()} for ${response.url()}`);
	});
	await page.goto(url + path);
	return { page, complaints };
}

/** Whether the page itself would scroll sideways. */
function isTooWide(page: Page): Promise<boolean> {
	return page.evaluate("document.documentElement.scrollWidth > innerWidth");
}

/** Pictures that did not load. */
function missingPictures(page: Page): Promise<string[]> {
	return page.evaluate(
		"Promise.all([...document.images].map((image) => image.decode().then(() => [], () => [image.src]))).then((all) => all.flat())",
	);
}

itWith(present)("every page loads whole, fits a desktop and a phone, and nothing is refused", async () => {
	const { page, complaints } = await opened("index.html");
	const tooWide: string[] = [];
	const missing: string[] = [];
	for (const { url } of readPages(site.folder)) {
		await page.setViewportSize(DESKTOP);
		await page.goto(server.url + url);
		if (await isTooWide(page)) tooWide.push(`${url} on a desktop`);
		missing.push(...(await missingPictures(page)));
		await page.setViewportSize(PHONE);
		if (await isTooWide(page)) tooWide.push(`${url} on a phone`);
	}
	expect({ tooWide, missing, complaints }).toEqual({ tooWide: [], missing: [], complaints: [] });
});

itWith(present)("a page too wide, a script from elsewhere and one in the page are noticed", async () => {
	const folder = join(temporaryFolder(), "site");
	cpSync(site.folder, folder, { recursive: true });
	appendFileSync(
		join(folder, "client.html"),
		'<div class="wide">x</div><script>document.title = "run"</script>',
	);
	appendFileSync(join(folder, "client.html"), `<script src="${server.url}assets/theme.js"></script>`);
	appendFileSync(join(folder, "assets", "site.css"), ".wide { width: 3000px }");
	const planted = await serveFolder(folder, 0);
	onTestFinished(() => planted.close());
	const { page, complaints } = await opened("client.html", {}, planted.url);
	expect(await isTooWide(page)).toBe(true);
	expect(await page.title()).toBe("The client · clef-agent");
	expect(complaints).toEqual(
		expect.arrayContaining([
			expect.stringContaining("Executing inline script violates the following Content Security Policy"),
			expect.stringContaining(`Loading the script '${server.url}assets/theme.js' violates`),
		]),
	);
});

describe("the search", () => {
	itWith(present)("finds an error code, and leads to its row", async () => {
		const { page, complaints } = await opened("decisions/0012-push.html");
		await page.keyboard.press("/");
		await page.keyboard.type("SOURCE_RATE_LIMITED");
		await page.locator(".search li").first().waitFor();
		expect(await page.locator(".search li strong").first().textContent()).toBe(
			"Errors › SOURCE_RATE_LIMITED",
		);
		await page.keyboard.press("Enter");
		await page.waitForURL(`${server.url}errors.html#SOURCE_RATE_LIMITED`);
		expect(await page.locator("tr:target").textContent()).toContain("asked to be left alone");
		expect(complaints).toEqual([]);
	});

	itWith(present)(
		"finds words with a slip in them, by the button and the arrow keys, on a phone too",
		async () => {
			const { page } = await opened("index.html", { viewport: PHONE });
			await page.getByRole("button", { name: "Search" }).click();
			await page.keyboard.type("kubernets");
			await page.locator(".search li").first().waitFor();
			await page.keyboard.press("ArrowDown");
			await page.keyboard.press("Enter");
			await page.waitForURL(`${server.url}install/kubernetes.html`);
		},
	);

	itWith(present)("says when it cannot be loaded, and tries again", async () => {
		const { page } = await opened("index.html");
		await page.route("**/search-index.json", (route) => route.abort());
		await page.keyboard.press("/");
		await page.getByText("The search could not be loaded; it is tried again as you type.").waitFor();
		await page.unroute("**/search-index.json");
		await page.keyboard.type("kustomize");
		await page.locator(".search li").first().waitFor();
	});

	itWith(present)("says when there is nothing", async () => {
		const { page } = await opened("index.html");
		await page.keyboard.press("/");
		await page.keyboard.type("xyzzyxyzzy");
		await page.getByText("Nothing found for “xyzzyxyzzy”.").waitFor();
		await page.keyboard.press("Escape");
		expect(await page.locator("dialog[open]").count()).toBe(0);
	});
});

itWith(present)("a theme that was chosen stays, and the system's is used until then", async () => {
	const { page } = await opened("index.html", { colorScheme: "dark" });
	const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
	expect(await ground()).toBe("rgb(18, 22, 28)");
	await page.getByRole("button", { name: "Light" }).click();
	expect(await ground()).toBe("rgb(255, 255, 255)");
	await page.goto(`${server.url}exec.html`);
	expect(await ground()).toBe("rgb(255, 255, 255)");
	await page.getByRole("button", { name: "Dark" }).click();
	expect(await ground()).toBe("rgb(18, 22, 28)");
});

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
	itWith(present)("everybody can read it: contrast, names, order, the keyboard", async () => {
		const { page } = await opened("index.html", { colorScheme, viewport: PHONE });
		for (const url of ["index.html", "configuration.html", "lambda-clients.html"]) {
			await page.goto(server.url + url);
			await page.evaluate(axe.source);
			const violations = await page.evaluate<string[][]>(
				"axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))",
			);
			expect({ url, violations }).toEqual({ url, violations: [] });
		}
	});
});

itWith(present)("code is copied as it stands in the page's source", async () => {
	const { page } = await opened("index.html", { permissions: ["clipboard-read", "clipboard-write"] });
	await page.locator(".code").first().hover();
	await page.getByRole("button", { name: "Copy" }).first().click();
	await page.getByRole("button", { name: "Copied" }).waitFor();
	const copied = await page.evaluate("navigator.clipboard.readText()");
	expect(readFileSync(new URL("../docs/README.md", import.meta.url), "utf8")).toContain(
		`\`\`\`sh\n${copied}\`\`\``,
	);
});

itWith(present)("without scripts it is read, and a phone's menu opens and leads on", async () => {
	const { page } = await opened("index.html", { viewport: PHONE, javaScriptEnabled: false });
	const link = page.getByRole("link", { name: "Docker Compose" });
	expect(await link.isVisible()).toBe(false);
	const menu = page.getByRole("button", { name: "Pages" });
	await menu.click();
	expect(await link.isVisible()).toBe(true);
	await menu.click();
	expect(await link.isVisible()).toBe(false);
	await menu.click();
	await link.click();
	await page.getByRole("heading", { level: 1, name: "Docker Compose" }).waitFor();
	expect(await page.getByRole("button", { name: "Search" }).isVisible()).toBe(false);
});
