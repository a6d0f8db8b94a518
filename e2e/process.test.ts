import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { clefAgent } from "./command.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { temporaryFolder } from "./temporary-folder.js";

function sourceFile(): string {
	const path = join(temporaryFolder(), "artifact.json");
	writeFileSync(path, vector("signed"));
	return path;
}

describe("stopping", () => {
	it.each(["SIGTERM", "SIGINT"] as const)("D36 %s ends it with status 0", async (signal) => {
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile() });
		expect(await agent.stop(signal)).toMatchObject({ status: 0, signal: null });
		const events = agent.log.map(({ event }) => event);
		expect(events.slice(-2)).toEqual(["agent.stopping", "agent.stopped"]);
	});

	it("D36 ends within five seconds while a fetch hangs", async () => {
		const server = await startServer(behaviours.silence());
		onTestFinished(() => server.close());
		const agent = await AgentProcess.listening({ CLEF_AGENT_SOURCE: server.url });
		await eventually("a request", () => server.requests.length === 1);
		const { status, afterMs } = await agent.stop();
		expect(status).toBe(0);
		expect(afterMs).toBeLessThan(5_000);
	});

	it("D36 ends within five seconds while a client holds its connection", async () => {
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile() });
		expect((await agent.get("/v1/secrets", { connection: "keep-alive" })).status).toBe(200);
		const { status, afterMs } = await agent.stop();
		expect(status).toBe(0);
		expect(afterMs).toBeLessThan(5_000);
	});

	it("D36 ends with status 0 when told twice", async () => {
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile() });
		agent.signal("SIGTERM");
		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
	});

	it("D36 ends with status 0 when told the moment it speaks", async () => {
		const agent = await AgentProcess.spawn({
			CLEF_AGENT_SOURCE: sourceFile(),
			CLEF_AGENT_LOG_LEVEL: "debug",
		});
		await eventually("a first sign of life", () => agent.stderr.length > 0);
		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
	});
});

describe("other signals", () => {
	it("SIGHUP refreshes", async () => {
		const server = await startServer(behaviours.ok(vector("plain")));
		onTestFinished(() => server.close());
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: server.url });
		agent.signal("SIGHUP");
		await eventually("a request", () => server.requests.length === 2);
	});

	it("D37 a storm of SIGHUP costs a few fetches, not one each", async () => {
		const server = await startServer(behaviours.ok(vector("plain")));
		onTestFinished(() => server.close());
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: server.url });
		for (let sent = 0; sent < 200; sent += 1) agent.signal("SIGHUP");
		await eventually("a request", () => server.requests.length >= 2);
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(server.requests.length).toBeLessThan(100);
	});

	it("D41 SIGUSR1 does not open the inspector", async () => {
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile() });
		agent.signal("SIGUSR1");
		agent.signal("SIGHUP");
		// The log line for the second signal comes after whatever the first one did.
		await agent.logged("agent.refreshing");
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(agent.stderr).not.toMatch(/debugger/i);
	});
});

describe("refusing to start", () => {
	it("L34 a taken port is one sentence and status 1", async () => {
		const taken = createServer();
		await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
		onTestFinished(() => {
			taken.close();
		});
		const { port } = taken.address() as AddressInfo;
		const agent = await AgentProcess.spawn({
			CLEF_AGENT_SOURCE: sourceFile(),
			CLEF_AGENT_PORT: String(port),
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		});
		expect((await agent.ended()).status).toBe(1);
		const complaints = agent.stderr.split("\n").filter((line) => line.startsWith("clef-agent: "));
		expect(complaints).toHaveLength(1);
		expect(complaints[0]).toContain(String(port));
		expect(agent.stderr).not.toMatch(/^ {4}at /m);
	});

	it("tells every problem of the configuration at once", async () => {
		const { status, stdout, stderr } = await clefAgent([], {
			env: {
				CLEF_AGENT_SOURCE: "gopher://example.test/a",
				CLEF_AGENT_PORT: "80x",
				CLEF_AGENT_CACHE_TTL: "soon",
				CLEF_AGENT_VERIFY_KYE: "x",
				CLEF_AGENT_AGE_KEY: "age1recipient",
				CLEF_AGENT_TOKEN: "",
			},
		});
		expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
		const [first, ...problems] = stderr.trimEnd().split("\n");
		expect(first).toBe(`clef-agent: the configuration has ${problems.length} problems:`);
		for (const name of ["SOURCE", "PORT", "CACHE_TTL", "VERIFY_KEY", "TOKEN", "AGE_KEY"]) {
			expect(stderr).toContain(`CLEF_AGENT_${name}`);
		}
	});

	it("A10 refuses a verify key it cannot use, and does not start without it", async () => {
		const env = {
			CLEF_AGENT_SOURCE: sourceFile(),
			CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
			CLEF_AGENT_VERIFY_KEY: "not a key",
		};
		const { status, stderr } = await clefAgent([], { env });
		expect(status).toBe(1);
		expect(stderr).toMatch(/^clef-agent: .*CLEF_AGENT_VERIFY_KEY/);
	});
});

describe("handing over a token", () => {
	it("writes a generated one for its owner only, and uses it again after a restart", async () => {
		const tokenFile = join(temporaryFolder(), "token");
		const env = { CLEF_AGENT_SOURCE: sourceFile(), CLEF_AGENT_TOKEN_FILE: tokenFile };
		const first = await AgentProcess.ready(env, { withoutToken: true });
		const token = readFileSync(tokenFile, "utf8");
		expect(token).toMatch(/^[\w-]{43}$/);
		expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
		const authorization = `Bearer ${token}`;
		expect((await first.get("/v1/secrets", { authorization })).status).toBe(200);
		expect((await first.get("/v1/secrets")).status).toBe(401);
		expect(first.stderr).not.toContain(token);
		await first.stop();

		const second = await AgentProcess.ready(env, { withoutToken: true });
		expect(readFileSync(tokenFile, "utf8")).toBe(token);
		expect((await second.get("/v1/secrets", { authorization })).status).toBe(200);
	});

	it("refuses a folder that does not exist", async () => {
		const tokenFile = join(temporaryFolder(), "missing", "token");
		const { status, stderr } = await clefAgent([], {
			env: {
				CLEF_AGENT_SOURCE: sourceFile(),
				CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
				CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
				CLEF_AGENT_TOKEN_FILE: tokenFile,
			},
		});
		expect(status).toBe(1);
		expect(stderr).toMatch(/^clef-agent: [^\n]*CLEF_AGENT_TOKEN_FILE[^\n]*folder[^\n]*\n$/);
		expect(existsSync(tokenFile)).toBe(false);
	});

	it("without one, warns once and never logs it", async () => {
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile() }, { withoutToken: true });
		expect(agent.log.filter(({ event }) => event === "token.withheld")).toHaveLength(1);
		expect((await agent.get("/v1/secrets")).status).toBe(401);
		expect(agent.stderr).not.toMatch(/[\w-]{43}/);
	});
});

describe("health", () => {
	const ask = (port: number, ...args: string[]) =>
		clefAgent(["health", ...args], { env: { CLEF_AGENT_PORT: String(port) } });

	it("is 0 for an agent that is ready", async () => {
		const { port } = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile() });
		expect(await ask(port)).toEqual({ status: 0, stdout: "", stderr: "" });
	});

	it("is 1 with the reason for one that is not, and 0 with --live", async () => {
		const { port } = await AgentProcess.listening({ CLEF_AGENT_SOURCE: "/nowhere/artifact.json" });
		expect(await ask(port)).toEqual({ status: 1, stdout: "", stderr: "clef-agent: not ready: not_loaded\n" });
		expect(await ask(port, "--live")).toMatchObject({ status: 0 });
	});

	it("is 1 where no agent is", async () => {
		const { status, stderr } = await ask(await freePort(), "--live");
		expect(status).toBe(1);
		expect(stderr).toContain("nothing listens there");
	});
});

it("L31 answers 401 to a wrong token and logs neither", async () => {
	const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile() });
	const wrong = `${TOKEN.slice(0, -1)}!`;
	expect((await agent.get("/v1/secrets", { authorization: `Bearer ${wrong}` })).status).toBe(401);
	expect(agent.stderr).not.toContain(wrong);
});
