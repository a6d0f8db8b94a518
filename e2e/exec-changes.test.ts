import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clefAgent } from "./command.js";
import { eventually } from "./eventually.js";
import { ExecProcess, type ExecStage, execStage, isAlive } from "./exec-stage.js";
import { freePort } from "./free-port.js";

const SHOW = ["--", "sh", "-c", 'echo "pid $$"; echo "value $A"; exec sleep 60'];

async function running(stage: ExecStage, options: readonly string[], command = SHOW): Promise<ExecProcess> {
	const agent = new ExecProcess(stage, [...options, ...command]);
	await agent.said(/^pid \d+\n/m);
	return agent;
}

const starts = ({ log }: ExecProcess): number =>
	log.filter(({ event }) => event === "command.started").length;

describe("--restart-on-change", () => {
	it("starts the command again with the new values", async () => {
		const stage = await execStage({ A: "old", B: "1" });
		const agent = await running(stage, ["--restart-on-change"]);
		const first = Number(await agent.said(/pid (\d+)/));
		await stage.publish({ A: "new", B: "1" });
		await agent.said(/value new/);
		expect(isAlive(first)).toBe(false);
		expect(await agent.logged("command.changed")).toMatchObject({ level: "INFO", variables: "A" });
		agent.signal("SIGTERM");
		expect(await agent.ended()).toMatchObject({ status: 143 });
	});

	it("leaves it alone when nothing that it uses has changed", async () => {
		const stage = await execStage({ A: "old", B: "1" });
		const agent = await running(stage, ["--restart-on-change", "--only", "A"]);
		await stage.publish({ A: "old", B: "2" });
		await eventually("the second revision", () => agent.stderr.includes('"revision":"r2"'));
		await stage.publish({ A: "new", B: "2" });
		await agent.said(/value new/);
		await eventually("the second start", () => starts(agent) > 1);
		// Had the second revision counted, there would have been three.
		expect(starts(agent)).toBe(2);
	});

	it("takes changes that follow closely as one", async () => {
		const stage = await execStage({ A: "old" });
		const agent = await running(stage, ["--restart-on-change"]);
		for (const value of ["a", "b", "last"]) {
			await stage.publish({ A: value });
			await eventually("the revision", () =>
				agent.log.some(({ event, keyCount }) => event === "artifact.refreshed" && keyCount === 1),
			);
		}
		await agent.said(/value last/);
		await eventually("the second start", () => starts(agent) > 1);
		expect(starts(agent)).toBe(2);
	});

	it("kills what does not end, with all that it started, and starts anew", async () => {
		const stage = await execStage({ A: "old" });
		const deaf =
			'trap "" TERM; sleep 60 & echo "left $!"; echo "pid $$"; echo "value $A"; while :; do sleep 1; done';
		const agent = await running(stage, ["--restart-on-change", "--grace", "1"], ["--", "sh", "-c", deaf]);
		const [first, left] = [Number(await agent.said(/pid (\d+)/)), Number(await agent.said(/left (\d+)/))];
		await stage.publish({ A: "new" });
		await agent.said(/value new/);
		expect({ first: isAlive(first), left: isAlive(left) }).toEqual({ first: false, left: false });
		agent.signal("SIGTERM");
		expect(await agent.ended()).toMatchObject({ status: 137 });
	});

	it("frees what the command left behind before it starts again", async () => {
		const stage = await execStage({ A: "old" });
		const leaver = 'sleep 60 & echo "left $!"; echo "pid $$"; echo "value $A"; wait';
		const agent = await running(stage, ["--restart-on-change"], ["--", "sh", "-c", leaver]);
		const left = Number(await agent.said(/left (\d+)/));
		await stage.publish({ A: "new" });
		await agent.said(/value new/);
		expect(isAlive(left)).toBe(false);
		agent.signal("SIGTERM");
		await agent.ended();
	});

	it("does not start a command again that has ended by itself", async () => {
		const stage = await execStage({ A: "old" });
		const agent = await running(stage, ["--restart-on-change"], ["--", "sh", "-c", "echo pid $$; exit 4"]);
		expect(await agent.ended()).toMatchObject({ status: 4 });
	});

	it("goes on with what it has when the next artifact cannot be an environment", async () => {
		const stage = await execStage({ A: "old" });
		const agent = await running(stage, ["--restart-on-change"]);
		await stage.publish({ A: "new", LD_PRELOAD: "/tmp/evil.so" });
		const { message } = await agent.logged("command.environment_refused");
		expect(message).toMatch(/"LD_PRELOAD".*goes on with what it has/);
		await stage.publish({ A: "newer" });
		await agent.said(/value newer/);
		expect(agent.stdout).not.toContain("value new\n");
	});
});

it("--signal-on-change sends the signal, and a command that reads over HTTP finds the new value", async () => {
	const stage = await execStage({ A: "old" });
	const reader = `
		const { A, CLEF_AGENT_PORT, CLEF_AGENT_TOKEN } = process.env;
		process.on("SIGHUP", async () => {
			const headers = { authorization: "Bearer " + CLEF_AGENT_TOKEN };
			const answer = await fetch("http://127.0.0.1:" + CLEF_AGENT_PORT + "/v1/secrets/A", { headers });
			console.log("environment " + A + ", API " + (await answer.json()).value);
		});
		setInterval(() => {}, 60_000);
		console.log("pid " + process.pid);`;
	const agent = new ExecProcess(
		stage,
		["--serve", "--signal-on-change", "HUP", "--", process.execPath, "-e", reader],
		{ env: { CLEF_AGENT_PORT: String(await freePort()) } },
	);
	await agent.said(/^pid \d+\n/m);
	await stage.publish({ A: "new" });
	await agent.said(/environment old, API new/);
	expect(starts(agent)).toBe(1);
});

it("without an option says what has changed and keeps the command as it is", async () => {
	const stage = await execStage({ A: "old" });
	const agent = await running(stage, []);
	await stage.publish({ A: "new" });
	const { message } = await agent.logged("command.changed");
	expect(message).toBe("changed: A; the command keeps what it has until it is started again");
	expect(starts(agent)).toBe(1);
	expect(isAlive(Number(await agent.said(/pid (\d+)/)))).toBe(true);
});

describe("a revocation", () => {
	it("leaves the command running, and says so", async () => {
		const stage = await execStage({ A: "old" });
		const agent = await running(stage, []);
		expect(await clefAgent(["revoke", stage.source])).toMatchObject({ status: 0 });
		expect(await agent.logged("command.secrets_ended")).toMatchObject({ level: "WARN" });
		expect(isAlive(Number(await agent.said(/pid (\d+)/)))).toBe(true);
		agent.signal("SIGTERM");
		expect(await agent.ended()).toMatchObject({ status: 143 });
	});

	it("stops it with --stop-on-revoke, and ends with 69", async () => {
		const stage = await execStage({ A: "old" });
		const agent = await running(stage, ["--stop-on-revoke"]);
		expect(await clefAgent(["revoke", stage.source])).toMatchObject({ status: 0 });
		expect(await agent.ended()).toMatchObject({ status: 69 });
		expect(readFileSync(stage.source, "utf8")).toContain("revokedAt");
	});
});
