import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { ExecProcess, execStage, execToEnd } from "./exec-stage.js";
import { freePort } from "./free-port.js";

const NAMESPACED = { db: { HOST: "db.internal", KEY: "db-key" }, pay: { KEY: "pay-key" } };

/** Prints its environment as JSON, exactly. */
const PRINT_ENV = [process.execPath, "-e", "process.stdout.write(JSON.stringify(process.env))"];

async function environmentOf(secrets: object, args: readonly string[], env: Record<string, string> = {}) {
	const { status, stdout, stderr } = await execToEnd(
		await execStage(secrets),
		[...args, "--", ...PRINT_ENV],
		{
			env,
		},
	);
	expect(status, stderr).toBe(0);
	return JSON.parse(stdout) as Record<string, string>;
}

describe("the environment", () => {
	it("has each secret under its key, or with the namespace where the key alone would not do", async () => {
		const env = await environmentOf(NAMESPACED, [], { KEPT: "as it was", HOST: "inherited" });
		expect(env).toMatchObject({
			HOST: "db.internal",
			db__KEY: "db-key",
			pay__KEY: "pay-key",
			KEPT: "as it was",
		});
		expect(env).not.toHaveProperty("KEY");
	});

	it("holds exactly the values", async () => {
		const secrets = {
			A: "two\nlines\r\n",
			B: "",
			C: ` "$HOME" 'x' \\ ü→🔑 `,
			__proto__x: "p",
			"a-b.c": "odd",
		};
		expect(await environmentOf(secrets, [])).toMatchObject(secrets);
	});

	it("has none of the agent's own variables", async () => {
		const env = await environmentOf({ A: "1" }, [], {
			CLEF_AGENT_TOKEN: "a-token-of-enough-characters",
			CLEF_AGENT_LOG_LEVEL: "warn",
			WATCHDOG_USEC: "60000000",
			AWS_ACCESS_KEY_ID: "the-commands-own-business",
		});
		expect(Object.keys(env).filter((name) => /^CLEF_AGENT_|^NOTIFY_|^WATCHDOG_/.test(name))).toEqual([]);
		expect(JSON.stringify(env)).not.toContain(vectorKeys.ageSecretKey);
		expect(env).toMatchObject({ AWS_ACCESS_KEY_ID: "the-commands-own-business", A: "1" });
	});

	it("is chosen and named by the options", async () => {
		const env = await environmentOf(NAMESPACED, [
			...["--only", "HOST,pay__KEY", "--map", "PATH_TO=db__KEY", "--prefix", "APP_"],
		]);
		expect(env).toMatchObject({ APP_HOST: "db.internal", APP_pay__KEY: "pay-key", PATH_TO: "db-key" });
		expect(Object.values(env).filter((value) => value === "db-key")).toHaveLength(1);
	});
});

describe("exit statuses", () => {
	it.each([
		["its own", ["sh", "-c", "exit 7"], 7],
		["128+9 after SIGKILL", ["sh", "-c", "kill -9 $$"], 137],
		["128+6 after SIGABRT", ["sh", "-c", "kill -ABRT $$"], 134],
		["127 when not found", ["no-such-program"], 127],
		["126 when it may not be run", ["/etc/passwd"], 126],
	])("%s", async (_, command, status) => {
		expect(await execToEnd(await execStage({ A: "1" }), ["--", ...command])).toMatchObject({ status });
	});

	it("1 for a wrong call, with the usage line", async () => {
		const stage = await execStage({ A: "1" });
		const { status, stderr } = await execToEnd(stage, ["env"]);
		expect(status).toBe(1);
		expect(stderr).toMatch(/^clef-agent: [^\n]+\n {2}usage: clef-agent exec [^\n]+\n$/);
	});

	it("69 when there are no secrets in time", async () => {
		const stage = await execStage();
		const { status, stderr } = await execToEnd(stage, ["--timeout", "1", "--", "echo", "started"]);
		expect(status).toBe(69);
		expect(stderr).toMatch(/^clef-agent: no secrets within 1 s .*SOURCE_NOT_FOUND$/m);
	});
});

it("shares standard input and output", async () => {
	const stdin = "line\n".repeat(50_000);
	const { status, stdout } = await execToEnd(await execStage({ A: "1" }), ["--", "cat"], { stdin });
	expect({ status, isSame: stdout === stdin }).toEqual({ status: 0, isSame: true });
});

it("hands on no other open file, and as many new ones as the hard limit grants", async () => {
	const stage = await execStage({ A: "1" });
	const limited = ["sh", "-c", 'ulimit -Sn 256; exec "$@" 9<artifact.json', "sh"];
	const look = [
		"--",
		"sh",
		"-c",
		"[ -e /dev/fd/9 ] || echo none; [ $(ulimit -Sn) = $(ulimit -Hn) ] && echo raised",
	];
	const agent = new ExecProcess(stage, look, { before: limited });
	expect(await agent.ended()).toMatchObject({ status: 0, stdout: "none\nraised\n" });
});

it("waits for secrets, says so, and starts when they are there", async () => {
	const stage = await execStage();
	const agent = new ExecProcess(stage, ["--", "sh", "-c", "echo has $A"]);
	await agent.logged("fetch.failed");
	expect(agent.log.map(({ event }) => event)).toContain("command.waiting");
	expect(agent.stdout).toBe("");
	await stage.publish({ A: "1" });
	expect(await agent.ended()).toMatchObject({ status: 0, stdout: "has 1\n" });
});

it.each([
	["SIGTERM", 143],
	["SIGINT", 130],
] as const)("%s while it waits ends it with %i", async (signal, status) => {
	const agent = new ExecProcess(await execStage(), ["--", "echo", "started"]);
	await agent.logged("command.waiting");
	agent.signal(signal);
	expect(await agent.ended()).toMatchObject({ status, stdout: "" });
});

it("writes no token file when it serves nothing", async () => {
	const stage = await execStage({ A: "1" });
	const tokenFile = join(stage.folder, "token");
	const env = { CLEF_AGENT_TOKEN_FILE: tokenFile };
	const { status } = await execToEnd(stage, ["--", "test", "!", "-e", tokenFile], { env });
	expect(status).toBe(0);
});

describe("--serve", () => {
	const READ = `const { CLEF_AGENT_PORT, CLEF_AGENT_TOKEN } = process.env;
		const headers = { authorization: "Bearer " + CLEF_AGENT_TOKEN };
		const url = "http://127.0.0.1:" + CLEF_AGENT_PORT + "/v1/secrets";
		fetch(url, { headers }).then((answer) => answer.text()).then(console.log);`;

	it.each([
		["generated", {}],
		["given", { CLEF_AGENT_TOKEN: "a-token-of-enough-characters" }],
	])("lets the command read over HTTP, with a token that is %s", async (_, token) => {
		const env = { CLEF_AGENT_PORT: String(await freePort()), ...token };
		const command = ["--", process.execPath, "-e", READ];
		const { status, stdout, stderr } = await execToEnd(await execStage(NAMESPACED), ["--serve", ...command], {
			env,
		});
		expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: `${JSON.stringify(NAMESPACED)}\n` });
		expect(stderr).not.toMatch(/[\w-]{43}/);
	});

	it("does not start the command when the port is taken", async () => {
		const port = String(await freePort());
		const stage = await execStage({ A: "1" });
		const first = new ExecProcess(stage, ["--serve", "--", "sh", "-c", "echo pid $$; exec sleep 60"], {
			env: { CLEF_AGENT_PORT: port },
		});
		await first.said(/^pid \d+$/m);
		const second = await execToEnd(stage, ["--serve", "--", "echo", "up"], {
			env: { CLEF_AGENT_PORT: port },
		});
		expect(second).toMatchObject({ status: 1, stdout: "" });
		expect(second.stderr).toContain(port);
	});
});

it("decrypts just in time as well", async () => {
	const stage = await execStage({ A: "1" });
	const env = { CLEF_AGENT_CACHE_TTL: "0" };
	expect(await execToEnd(stage, ["--", "sh", "-c", "echo $A"], { env })).toMatchObject({ stdout: "1\n" });
});

it("waits on when what is there cannot be opened", async () => {
	const stage = await execStage({ A: "1" });
	const keyFile = join(stage.folder, "age.key");
	const wrong = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
	writeFileSync(keyFile, wrong);
	const env = { CLEF_AGENT_AGE_KEY: "", CLEF_AGENT_AGE_KEY_FILE: keyFile };
	const agent = new ExecProcess(stage, ["--", "sh", "-c", "echo has $A"], { env });
	await agent.logged("artifact.invalid");
	writeFileSync(keyFile, vectorKeys.ageSecretKey);
	await stage.publish({ A: "2" });
	expect(await agent.ended()).toMatchObject({ status: 0, stdout: "has 2\n" });
});
