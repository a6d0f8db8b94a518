import { createSign, generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GithubServer, startGithubServer } from "../src/github-server.js";

const RAW = "application/vnd.github.raw+json";
const KEYS = generateKeyPairSync("rsa", { modulusLength: 2048 });
const APP = {
	id: 7,
	publicKey: String(KEYS.publicKey.export({ type: "spki", format: "pem" })),
	installationId: 70,
	repositories: ["acme/app"],
	permissions: { contents: "read" },
} as const;

let server: GithubServer;
beforeEach(async () => {
	server = await startGithubServer({ apps: [APP] });
	server.repositories.add("acme/app");
	server.repositories.add("acme/open", { private: false });
	for (const name of ["acme/app", "acme/open"]) {
		server.repositories.put(name, "dir/file.json", { kind: "file", bytes: Buffer.from("{}") });
	}
	server.allow("t1", ["acme/app"]);
	server.allow("t2", ["acme/app"]);
});
afterEach(() => server.close());

const get = (path: string, headers: Record<string, string> = {}) =>
	fetch(server.apiUrl + path, { headers, redirect: "manual" });
const as = (token: string, headers: Record<string, string> = {}) => ({
	authorization: `Bearer ${token}`,
	accept: RAW,
	...headers,
});
const FILE = "/repos/acme/app/contents/dir/file.json";

describe("the fake GitHub", () => {
	it("gives raw bytes or base64 in JSON, by Accept", async () => {
		const raw = await get(FILE, as("t1"));
		expect(raw.headers.get("content-type")).toBe(`${RAW}; charset=utf-8`);
		expect(await raw.text()).toBe("{}");
		const json = await get(FILE.replace("dir/", "dir%2F"), as("t1", { accept: "application/json" }));
		expect(await json.json()).toMatchObject({ type: "file", encoding: "base64", content: "e30=" });
		server.repositories.put("acme/app", "big", { kind: "file", bytes: Buffer.alloc(1_000_001) });
		const big = await get("/repos/acme/app/contents/big", as("t1", { accept: "application/json" }));
		expect(await big.json()).toMatchObject({ encoding: "none", content: "" });
	});

	it("has ETags that differ by content, Accept and token", async () => {
		const etags = [];
		for (const headers of [as("t1"), as("t2"), as("t1", { accept: "application/json" })]) {
			etags.push((await get(FILE, headers)).headers.get("etag"));
		}
		server.repositories.put("acme/app", "dir/file.json", { kind: "file", bytes: Buffer.from("new") });
		etags.push((await get(FILE, as("t1"))).headers.get("etag"));
		expect(new Set(etags).size).toBe(4);
	});

	it("does not count a 304, unless nobody in particular asks", async () => {
		for (const [path, headers, before, after] of [
			[FILE, as("t1"), "4999", "4999"],
			["/repos/acme/open/contents/dir/file.json", { accept: RAW }, "59", "58"],
		] as const) {
			const first = await get(path, headers);
			expect(first.headers.get("x-ratelimit-remaining")).toBe(before);
			const second = await get(path, { ...headers, "if-none-match": first.headers.get("etag") ?? "" });
			expect(second.status).toBe(304);
			expect(second.headers.get("x-ratelimit-remaining")).toBe(after);
		}
	});

	it("refuses wrong tokens, hides private repositories, and ends at the limit", async () => {
		expect((await get(FILE, as("t3"))).status).toBe(401);
		expect((await get(FILE)).status).toBe(404);
		server.quotas.spend("t1", 5000);
		const limited = await get(FILE, as("t1"));
		expect(limited.status).toBe(403);
		expect(limited.headers.get("x-ratelimit-remaining")).toBe("0");
	});

	it("tells directories, links, submodules and unknown refs as GitHub does", async () => {
		expect(await (await get("/repos/acme/app/contents/dir", as("t1"))).json()).toHaveLength(1);
		server.repositories.put("acme/app", "to-file", { kind: "symlink", target: "dir/file.json" });
		server.repositories.put("acme/app", "to-none", { kind: "symlink", target: "none" });
		server.repositories.put("acme/app", "module", { kind: "submodule" });
		expect(await (await get("/repos/acme/app/contents/to-file", as("t1"))).text()).toBe("{}");
		for (const [path, type] of [
			["to-none", "symlink"],
			["module", "submodule"],
		]) {
			const response = await get(`/repos/acme/app/contents/${path}`, as("t1"));
			expect(await response.json()).toMatchObject({ type });
		}
		expect((await get(`${FILE}?ref=none`, as("t1"))).status).toBe(404);
		expect((await get("/repos/acme/app/commits/none", as("t1"))).status).toBe(422);
		expect((await get("/repos/acme/app/commits/main", as("t1"))).status).toBe(200);
	});

	it("exchanges what an App signed, and nothing else, for a token that works", async () => {
		const now = Math.floor(Date.now() / 1000);
		const claims = { iss: "7", iat: now - 30, exp: now + 500 };
		const exchange = (jwt: string, installation = 70) =>
			fetch(`${server.apiUrl}/app/installations/${installation}/access_tokens`, {
				method: "POST",
				headers: { authorization: `Bearer ${jwt}` },
			});
		for (const wrong of [{ iss: "8" }, { exp: now - 1 }, { exp: now + 700 }, { iat: now + 60 }]) {
			expect((await exchange(signed({ ...claims, ...wrong }))).status).toBe(401);
		}
		expect((await exchange(`${signed(claims).slice(0, -6)}AAAAAA`)).status).toBe(401);
		expect((await exchange("x")).status).toBe(401);
		expect((await exchange(signed(claims), 71)).status).toBe(404);
		const answer = await exchange(signed(claims));
		expect(answer.status).toBe(201);
		const { token } = (await answer.json()) as { token: string };
		expect((await get(FILE, as(token))).status).toBe(200);
		server.revoke(token);
		expect((await get(FILE, as(token))).status).toBe(401);
	});
});

function signed(claims: object): string {
	const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
	return `${text}.${createSign("sha256").update(text).sign(KEYS.privateKey, "base64url")}`;
}
