import { expect, it } from "vitest";
import { News } from "../../src/exec/news.js";

it("wakes its reader, and counts as one what came in between", async () => {
	const news = new News();
	const first = news.next();
	news.tell();
	await first;
	expect(news.take()).toBe(false);
	news.tell();
	news.tell();
	await news.next();
	expect(news.take()).toBe(false);
	news.tell();
	expect(news.take()).toBe(true);
});
