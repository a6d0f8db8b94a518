import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createContext, Script } from "node:vm";
import { gzipSync } from "node:zlib";
import { FakeAgent, TOKEN } from "@clef-sh/testkit/fake-agent";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from "vitest";
import { OTHER_RUNTIMES, type Runtime, runtimeNamed } from "./client-runtime.js";
import { runProgram } from "./command.js";
import { OTHER_NODES } from "./other-node.js";
import { temporaryFolder } from "./temporary-folder.js";

// A runtime that is not here yet is fetched first.
vi.setConfig({ testTimeout: 120_000 });

const library = createRequire(import.meta.url).resolve("@clef-sh/client");
const program = fileURLToPath(new URL("client-program.js", import.meta.url));
const page = readFileSync(new URL("../packages/client/README.md", import.meta.url), "utf8");

const USED = {
	value: "postgres://x",
	names: ["database__DB_URL"],
	all: { database__DB_URL: "postgres://x" },
	state: "ready",
	outcome: "confirmed",
	changes: [{ revision: "r1", since: null, added: ["database__DB_URL"], changed: [], removed: [] }],
	codes: ["SECRET_NOT_FOUND", "UNAUTHORIZED", "AGENT_UNREACHABLE", "AGENT_UNREACHABLE"],
};

/** Uses the client, and says what it left behind; the process then has to end by itself. */
const MAIN = `
globalThis.process?.getBuiltinModule?.("node:fs/promises"); // Deno adds a global of its own at the first use of this
const before = Object.getOwnPropertyNames(globalThis);
const library = await import(${JSON.stringify(pathToFileURL(library))});
const { useClient } = await import(${JSON.stringify(pathToFileURL(program))});
const used = await useClient(library);
const left = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name));
console.log(JSON.stringify({ used, left }));
`;

/** Watches an agent that is not there, and has nothing else to do. */
const IDLE = `
import { createClient } from ${JSON.stringify(pathToFileURL(library))};
createClient({ url: "http://127.0.0.1:9" }).watch(() => {}, { onError: ({ code }) => console.log(code) });
`;

let agent: FakeAgent;

beforeAll(async () => {
	agent = await FakeAgent.start();
	agent.publish("r1", { database: { DB_URL: "postgres://x" } });
});

afterAll(() => agent.close());

async function runtimeOr(name: string, context: TestContext): Promise<Exclude<Runtime, { missing: string }>> {
	const runtime = await runtimeNamed(name);
	return "path" in runtime ? runtime : context.skip(`${name}: ${runtime.missing}`);
}

async function run(name: string, code: string, context: TestContext) {
	const { path, args } = await runtimeOr(name, context);
	const cwd = temporaryFolder();
	writeFileSync(join(cwd, "main.mjs"), code);
	writeFileSync(join(cwd, "token"), `${TOKEN}\n`);
	const env = { CLEF_URL: agent.url, CLEF_AGENT_TOKEN_FILE: join(cwd, "token"), NO_COLOR: "1" };
	return runProgram(path, [...args, "main.mjs"], { cwd, env });
}

/** The client as one file without imports, as a bundler for workers makes it. */
async function bundled(format: "iife" | "esm"): Promise<string> {
	const bundle = await rolldown({ input: library, platform: "neutral", logLevel: "silent" });
	const { output } = await bundle.generate({ format, name: "clef", minify: true });
	await bundle.close();
	expect(output).toHaveLength(1);
	expect(output[0].imports).toEqual([]);
	return output[0].code;
}

describe.each(["current", ...OTHER_NODES, ...OTHER_RUNTIMES])("in %s", (name) => {
	it("every call works, no global is added, and the process ends", async (context) => {
		const ended = await run(name, MAIN, context);
		expect(ended).toMatchObject({ status: 0, stderr: "" });
		expect(JSON.parse(ended.stdout)).toEqual({ used: USED, left: [] });
	});

	it("a watch that waits for its next attempt keeps no process alive", async (context) => {
		expect(await run(name, IDLE, context)).toEqual({ status: 0, stdout: "AGENT_UNREACHABLE\n", stderr: "" });
	});
});

describe("with fetch alone", () => {
	it("works where there is no process and timers are numbers, as in workers", async () => {
		const timers = new Map<number, NodeJS.Timeout>();
		const global = {
			...{
				AbortController,
				AbortSignal,
				crypto,
				Headers,
				performance,
				Response,
				TextDecoder,
				TextEncoder,
				URL,
			},
			fetch: (url: string, init: RequestInit) => fetch(url, init),
			setTimeout: (callback: () => void, ms: number) => {
				timers.set(timers.size, setTimeout(callback, ms));
				return timers.size - 1;
			},
			clearTimeout: (id: number) => clearTimeout(timers.get(id)),
		};
		const source = readFileSync(program, "utf8").replace("export async", "async");
		const context = createContext(global);
		new Script(`${await bundled("iife")};${source}`).runInContext(context);
		context.options = { url: agent.url, token: TOKEN };
		const used = await new Script("useClient(clef, options).then(JSON.stringify)").runInContext(context);
		expect(JSON.parse(used)).toEqual(USED);
	});

	it("without files, a token file is a mistake in the configuration", async () => {
		const context = createContext({ URL, AbortController, fetch, performance, setTimeout, clearTimeout });
		new Script(await bundled("iife")).runInContext(context);
		const asking =
			'clef.createClient({ env: { CLEF_AGENT_TOKEN_FILE: "/x" } }).get("A").catch(({ code }) => code)';
		expect(await new Script(asking).runInContext(context)).toBe("CONFIG_INVALID");
	});

	it("works in workerd itself", async (context) => {
		const { path, args } = await runtimeOr("workerd", context);
		const cwd = temporaryFolder();
		writeFileSync(join(cwd, "client.js"), await bundled("esm"));
		writeFileSync(join(cwd, "program.js"), readFileSync(program));
		const options = JSON.stringify({ url: agent.url, token: TOKEN });
		const worker = `import * as library from "client"; import { useClient } from "program";
			export default { async test() { console.log(JSON.stringify(await useClient(library, ${options}))); } };`;
		writeFileSync(join(cwd, "worker.js"), worker);
		writeFileSync(join(cwd, "config.capnp"), WORKERD_CONFIG);
		const ended = await runProgram(path, [...args, "test", "config.capnp"], { cwd });
		expect(ended).toMatchObject({ status: 0 });
		const [line = ""] = ended.stdout.split("\n");
		expect(JSON.parse(line)).toEqual(USED);
	});
});

const WORKERD_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [
	(name = "main", worker = .worker),
	(name = "internet", network = (allow = ["local"])),
]);
const worker :Workerd.Worker = (
	compatibilityDate = "2024-01-01",
	modules = [
		(name = "worker", esModule = embed "worker.js"),
		(name = "client", esModule = embed "client.js"),
		(name = "program", esModule = embed "program.js"),
	],
);
`;

it("is as small as its page says", async () => {
	const { length } = gzipSync(await bundled("esm"));
	console.log(`@clef-sh/client: ${length} bytes minified and gzipped`);
	const promised = Number(/less than (\d+) kB minified and gzipped/.exec(page)?.[1]);
	expect(length).toBeLessThan(promised * 1000);
});
