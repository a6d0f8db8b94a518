import { TOKEN } from "@clef-sh/testkit/fake-agent";
import { describe, expect, it } from "vitest";
import { createClient } from "../src/index.js";
import { clientOf, failureOf, startAgent } from "./stage.js";

/** Where a client with this configuration would send its requests. */
async function originWith(env: Record<string, string>, url?: string): Promise<string> {
	let seen = "";
	const client = createClient({
		env,
		url,
		fetch: async (input) => {
			seen = new URL(String(input)).origin;
			return Response.json({ status: "ok", state: "ready" });
		},
	});
	await client.health();
	return seen;
}

describe("the agent's address", () => {
	it.each<[string, Record<string, string>, string | undefined, string]>([
		["the default", {}, undefined, "http://127.0.0.1:7779"],
		["the port", { CLEF_AGENT_PORT: "8000" }, undefined, "http://127.0.0.1:8000"],
		[
			"the URL before the port",
			{ CLEF_URL: "http://localhost:1/", CLEF_AGENT_PORT: "2" },
			undefined,
			"http://localhost:1",
		],
		["the option before all", { CLEF_URL: "nonsense" }, "http://[::1]:3", "http://[::1]:3"],
		["empty is unset", { CLEF_URL: "", CLEF_AGENT_PORT: "" }, undefined, "http://127.0.0.1:7779"],
		["https anywhere", { CLEF_URL: "https://agent.example" }, undefined, "https://agent.example"],
	])("%s", async (_, env, url, expected) => {
		expect(await originWith(env, url)).toBe(expected);
	});

	it.each<[string, Record<string, string>, RegExp]>([
		["no URL", { CLEF_URL: "127.0.0.1:7779" }, /^CLEF_URL is not/],
		["another scheme", { CLEF_URL: "ftp://127.0.0.1" }, /is not an http\(s\) URL/],
		["a socket", { CLEF_URL: "http+unix:///run/clef.sock" }, /Unix socket, which fetch cannot reach/],
		["a socket, in short", { CLEF_URL: "unix:/run/clef.sock" }, /Unix socket/],
		["a password", { CLEF_URL: "http://me:sec-ret@127.0.0.1" }, /scheme, host and port/],
		["a query", { CLEF_URL: "http://127.0.0.1?sec-ret" }, /scheme, host and port/],
		["a path", { CLEF_URL: "http://127.0.0.1/v1" }, /scheme, host and port/],
		["another machine in the clear", { CLEF_URL: "http://10.0.0.1:7779" }, /in the clear/],
		["a name that only begins like one", { CLEF_URL: "http://127.0.0.1.example" }, /in the clear/],
		["a port that is none", { CLEF_AGENT_PORT: "x" }, /CLEF_AGENT_PORT/],
		["a port too high", { CLEF_AGENT_PORT: "65536" }, /CLEF_AGENT_PORT/],
	])("refused: %s", (_, env, message) => {
		expect(() => createClient({ env })).toThrow(
			expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(message) }),
		);
		expect(() => createClient({ env })).not.toThrow(/sec-ret/);
	});
});

describe("the token", () => {
	const FILE = { CLEF_AGENT_TOKEN_FILE: "/run/token" };
	const LAMBDA = { AWS_LAMBDA_FUNCTION_NAME: "f", AWS_SESSION_TOKEN: "of-lambda" };

	async function tokenWith(env: Record<string, string>, token?: () => string): Promise<string | undefined> {
		const agent = await startAgent();
		agent.intercept = (_, response) => Boolean(response.end("[]"));
		const readFile = async (path: string) => `\uFEFFof${path.replaceAll("/", "-")}\n`;
		await clientOf(agent, { token, env, readFile }).client.keys();
		return agent.requests[0]?.headers.authorization;
	}

	it.each<[string, Record<string, string>, (() => string) | undefined, string]>([
		["the option", { CLEF_AGENT_TOKEN: "a" }, () => "option", "option"],
		["the variable", { CLEF_AGENT_TOKEN: " a\n", ...LAMBDA }, undefined, "a"],
		["the file", { ...FILE, ...LAMBDA, CLEF_AGENT_TOKEN: "" }, undefined, "of-run-token"],
		["Lambda", LAMBDA, undefined, "of-lambda"],
	])("%s", async (_, env, option, expected) => {
		expect(await tokenWith(env, option)).toBe(`Bearer ${expected}`);
	});

	it.each<[string, Record<string, string>, string | undefined]>([
		["none", {}, undefined],
		["a session outside of Lambda", { AWS_SESSION_TOKEN: "x" }, undefined],
		["a line feed inside", { CLEF_AGENT_TOKEN: "sec\nret" }, undefined],
		["an umlaut", {}, "sec-rät"],
		["an empty option", { CLEF_AGENT_TOKEN: "x" }, ""],
	])("refused: %s", async (_, env, token) => {
		const error = await failureOf(createClient({ env, token }).get("A"));
		expect(error.code).toBe("CONFIG_INVALID");
		expect(error.message).not.toMatch(/sec.?r.t/);
	});

	it("a function that fails to give one is a mistake in the configuration, and its error the cause", async () => {
		const failures = [
			() => Promise.reject(cause),
			() => {
				throw cause;
			},
		];
		const cause = new RangeError("the vault is sealed");
		for (const token of failures) {
			const client = createClient({ env: {}, token });
			expect(await failureOf(client.get("A"))).toMatchObject({ code: "CONFIG_INVALID", cause });
			await expect(client.watch(() => undefined)).rejects.toMatchObject({ code: "CONFIG_INVALID", cause });
		}
	});

	it.each([undefined, null, 7])("a function that gives %s, as a program without types may", async (none) => {
		const token = (() => none) as unknown as () => string;
		expect(await failureOf(createClient({ env: {}, token }).get("A"))).toMatchObject({
			code: "CONFIG_INVALID",
			message: expect.stringContaining("visible ASCII"),
		});
	});

	it("a file is read once, and again after a refusal", async () => {
		const agent = await startAgent();
		agent.publish("r1", { A: "1" });
		let inFile = TOKEN;
		let readings = 0;
		const readFile = async () => {
			readings += 1;
			return inFile;
		};
		const { client } = clientOf(agent, { token: undefined, env: FILE, readFile });
		await client.get("A");
		await client.get("A");
		expect(readings).toBe(1);
		inFile = "the-next-token-of-some-length";
		agent.token = inFile;
		expect(await client.get("A")).toBe("1");
		expect(readings).toBe(2);
		agent.token = "known-to-nobody";
		expect(await failureOf(client.get("A"))).toMatchObject({ code: "UNAUTHORIZED", retryable: false });
		expect({ readings, requests: agent.requests.length }).toEqual({ readings: 3, requests: 5 });
	});

	it.each([
		[
			"is not there yet",
			() => Promise.reject(Object.assign(new TypeError("x"), { code: "ENOENT" })),
			"AGENT_UNREACHABLE",
		],
		["is empty yet", () => Promise.resolve("\n"), "AGENT_UNREACHABLE"],
		[
			"may not be read",
			() => Promise.reject(Object.assign(new TypeError("x"), { code: "EACCES" })),
			"CONFIG_INVALID",
		],
		["cannot be read at all", () => Promise.reject("x"), "CONFIG_INVALID"],
	])("a file that %s", async (_, readFile, code) => {
		const client = createClient({ env: FILE, readFile, timeoutMs: 1 });
		expect(await failureOf(client.get("A"))).toMatchObject({ code });
	});

	it("a file that does not exist, really", async () => {
		const env = { CLEF_AGENT_TOKEN_FILE: "/no/such/file" };
		expect(await failureOf(createClient({ env, timeoutMs: 1 }).get("A"))).toMatchObject({
			code: "AGENT_UNREACHABLE",
		});
	});
});

it("an environment that may not be read is a mistake in the configuration", () => {
	const env = new Proxy(
		{},
		{
			get() {
				throw new RangeError("denied");
			},
		},
	);
	expect(() => createClient({ env })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
	expect(() => createClient({ env, url: "http://127.0.0.1:1", token: TOKEN })).not.toThrow();
});
