import { readFileSync } from "node:fs";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { ExecProcess, execStage, execToEnd } from "./exec-stage.js";
import { itWith } from "./part.js";

/** Asserts one sentence, a hint and no start. */
async function expectRefused(secrets: object, sentence: RegExp, args: readonly string[] = []): Promise<void> {
	const { status, stdout, stderr } = await execToEnd(await execStage(secrets), [
		...args,
		"--",
		"echo",
		"started",
	]);
	expect({ status, stdout }, stderr).toEqual({ status: 1, stdout: "" });
	const complaints = stderr.split("\n").filter((line) => !line.startsWith("{"));
	expect(complaints).toEqual([
		expect.stringMatching(/^clef-agent: /),
		expect.stringMatching(/^ {2}--map /),
		"",
	]);
	expect(complaints[0]).toMatch(sentence);
	expect(stderr).not.toContain("the-value");
}

describe("D39 secrets that must not become variables are refused by name", () => {
	it.each(["PATH", "LD_PRELOAD", "NODE_OPTIONS"])("%s", async (name) => {
		await expectRefused({ A: "1", [name]: "the-value" }, new RegExp(`"${name}".*steers`));
	});

	it.each([
		["a NUL in a value", { A: "the-value\0more" }, /the value of "A" has a NUL/],
		["half a character in a value", { A: "the-value\ud800" }, /"A"/],
		["an equals sign in a name", { "A=B": "the-value" }, /"A=B" cannot be the name/],
		["two for one variable", { a: { B: "1", a__B: "the-value" }, c: { B: "2" } }, /would both be "a__B"/],
	])("%s", async (_, secrets, sentence) => {
		await expectRefused(secrets, sentence);
	});

	it("names that the options give, and no secret has", async () => {
		const secrets = { a: { K: "1" }, b: { K: "2" } };
		await expectRefused(secrets, /--only names "X", which the artifact does not hold/, ["--only", "X"]);
		await expectRefused(secrets, /--map names "K", which could be any of "a__K", "b__K"/, ["--map", "V=K"]);
	});
});

it("D39 a secret that steers programs is given where it was mapped on purpose", async () => {
	const stage = await execStage({ PYTHONPATH: "/srv/lib" });
	const print = ["--", "sh", "-c", 'echo "$PYTHONPATH $LIB"'];
	const mapped = await execToEnd(stage, ["--map", "PYTHONPATH=PYTHONPATH", ...print]);
	expect(mapped).toMatchObject({ status: 0, stdout: "/srv/lib \n" });
	expect(await execToEnd(stage, ["--map", "LIB=PYTHONPATH", ...print])).toMatchObject({
		stdout: " /srv/lib\n",
	});
});

it("D39 an environment over the limit is one sentence with sizes and status 126", async () => {
	const secrets = Object.fromEntries(
		Array.from({ length: 40 }, (_, index) => [`BIG_${index}`, String(index % 10).repeat(100_000 + index)]),
	);
	const { status, stderr } = await execToEnd(await execStage(secrets), ["--", "echo", "started"]);
	expect(status).toBe(126);
	expect(stderr).toMatch(
		/^clef-agent: the environment is too large .* largest variable is BIG_39 with 100039$/m,
	);
	expect(stderr).not.toContain("0000000000");
});

const procfs = { name: "/proc", present: process.platform === "linux", missing: "only Linux has it" };

itWith(procfs)("D39 nothing but the command's own environment holds a secret", async () => {
	const secret = "a-secret-value-that-is-looked-for";
	const stage = await execStage({ A: secret });
	const env = {
		CLEF_AGENT_TOKEN: "a-token-of-enough-characters",
		NOTIFY_SOCKET: "/nowhere/notify",
	};
	const agent = new ExecProcess(stage, ["--", "sh", "-c", "echo pid $$; exec sleep 60"], { env });
	const child = await agent.said(/^pid (\d+)\n/m);
	const of = (pid: number | string, file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
	expect(of(child, "environ").split("\0")).toContain(`A=${secret}`);
	for (const own of [vectorKeys.ageSecretKey, env.CLEF_AGENT_TOKEN, "NOTIFY_SOCKET"]) {
		expect(of(child, "environ")).not.toContain(own);
	}
	for (const file of ["environ", "cmdline"]) expect(of(agent.pid, file)).not.toContain(secret);
	expect(of(child, "cmdline")).not.toContain(secret);
	agent.signal("SIGTERM");
	const { status, stderr } = await agent.ended();
	expect(status).toBe(143);
	expect(stderr).not.toContain(secret);
});

it("D39 a command that does not stop is killed, and one that dies by a signal is 128+n", async () => {
	const stage = await execStage({ A: "1" });
	const deaf = "trap '' TERM; echo pid $$; while :; do sleep 1; done";
	const agent = new ExecProcess(stage, ["--grace", "1", "--", "sh", "-c", deaf]);
	await agent.said(/^pid \d+\n/m);
	agent.signal("SIGTERM");
	expect(await agent.ended()).toMatchObject({ status: 137 });
	expect(await execToEnd(stage, ["--", "sh", "-c", "kill -SEGV $$"])).toMatchObject({ status: 139 });
});
