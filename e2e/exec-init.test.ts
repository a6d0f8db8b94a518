import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { commandPath } from "./command.js";
import { ExecProcess, execStage } from "./exec-stage.js";
import { itInNamespace, ORPHANS, UNSHARE } from "./namespace.js";
import { otherNode } from "./other-node.js";

const initScript = fileURLToPath(new URL("../examples/exec/init.sh", import.meta.url));

const node24 = await otherNode("24.21.0");
const newer = "path" in node24 ? [node24.path, commandPath] : undefined;

/** A Node that can replace itself does so. */
function itOnNewerNode(title: string, test: (agent: readonly string[]) => Promise<void>): void {
	const missing = newer === undefined && "missing" in node24 ? ` (Node 24: ${node24.missing})` : "";
	if (newer === undefined) it.skip(title + missing, () => undefined);
	else itInNamespace(title, () => test(newer));
}

const isOldNode = !("execve" in process);

itInNamespace(
	"as process 1 it works, and where it has to stay that says that orphans stay as zombies",
	async () => {
		// On a Node that could leave, a variable that a shell would lose keeps it.
		const env: Record<string, string> = isOldNode ? {} : { "a.b": "1" };
		const agent = new ExecProcess(await execStage({ A: "1" }), ["--", "sh", "-c", ORPHANS], {
			before: UNSHARE,
			env,
		});
		const { status, stdout } = await agent.ended();
		expect({ status, stdout }).toEqual({ status: 5, stdout: "zombies 5\n" });
		expect(await agent.logged("process.init")).toMatchObject({ level: "WARN" });
	},
);

itOnNewerNode("as process 1 on Node 24 it leaves that to a shell, and no zombie stays", async (newer) => {
	const stage = await execStage({ A: "1" });
	const agent = new ExecProcess(stage, ["--", "sh", "-c", ORPHANS], { before: UNSHARE, agent: newer });
	const { status, stdout } = await agent.ended();
	expect({ status, stdout }).toEqual({ status: 5, stdout: "zombies 0\n" });
	expect(agent.log.some(({ event }) => event === "process.init")).toBe(false);
});

itOnNewerNode(
	"as process 1 on Node 24 the command has its input, its environment and its signals",
	async (newer) => {
		const stage = await execStage({ A: "a\nb" });
		const started = { before: UNSHARE, agent: newer, env: { GIVEN: "two\nlines" } };
		const said = 'printf "%s|%s|" "$A" "$GIVEN"; cat';
		const typed = new ExecProcess(stage, ["--", "sh", "-c", said], { ...started, stdin: "typed" });
		expect(await typed.ended()).toMatchObject({ status: 0, stdout: "a\nb|two\nlines|typed" });
		for (const [signal, number] of [
			["TERM", 6],
			["USR1", 7],
			["WINCH", 8],
		]) {
			const told = `trap 'exit ${number}' ${signal}; kill -${signal} 1; while :; do sleep 0.1; done`;
			expect(await new ExecProcess(stage, ["--", "sh", "-c", told], started).ended()).toMatchObject({
				status: number,
			});
		}
		const deaf = "trap '' TERM; kill -TERM 1; while :; do sleep 0.1; done";
		const killed = new ExecProcess(stage, ["--grace", "1", "--", "sh", "-c", deaf], started);
		expect(await killed.ended()).toMatchObject({ status: 137 });
		const missing = new ExecProcess(stage, ["--", "no-such-command"], started);
		expect(await missing.ended()).toMatchObject({ status: 127 });
	},
);

itOnNewerNode(
	"as process 1 on Node 24 it loses no variable that a shell would not hand on",
	async (newer) => {
		const agent = new ExecProcess(await execStage({ A: "1" }), ["--", "env"], {
			...{ before: UNSHARE, agent: newer },
			env: { "discovery.type": "single-node" },
		});
		const { status, stdout } = await agent.ended();
		expect(status).toBe(0);
		expect(stdout).toContain("discovery.type=single-node\n");
		expect(await agent.logged("process.init")).toMatchObject({ level: "WARN" });
	},
);

itInNamespace("as process 1 it hands SIGTERM on and kills what ignores it", async () => {
	const stage = await execStage({ A: "1" });
	// The agent is process 1 in there, and another process of the namespace tells it to stop.
	const deaf = "trap '' TERM; kill -TERM 1; while :; do sleep 0.1; done";
	const agent = new ExecProcess(stage, ["--grace", "1", "--", "sh", "-c", deaf], { before: UNSHARE });
	expect(await agent.ended()).toMatchObject({ status: 137 });
});

itInNamespace("as process 1 it does not wait for zombies that its command left behind", async () => {
	const stage = await execStage({ A: "1" });
	const leaver = "(sleep 0.1 &); sleep 0.5; kill -TERM 1; exec sleep 60";
	// More than a test may take.
	const agent = new ExecProcess(stage, ["--grace", "600", "--", "sh", "-c", leaver], { before: UNSHARE });
	expect(await agent.ended()).toMatchObject({ status: 143 });
});

itInNamespace("as process 1 it ends in good order while it waits for secrets", async () => {
	const stage = await execStage();
	const inside = join(stage.folder, "stop-soon.sh");
	writeFileSync(inside, '(sleep 1.5; kill -TERM 1) & exec "$@"\n');
	const agent = new ExecProcess(stage, ["--", "echo", "started"], { before: [...UNSHARE, "sh", inside] });
	expect(await agent.ended()).toMatchObject({ status: 143, stdout: "" });
});

itInNamespace("under examples/exec/init.sh no zombie stays, and status and signals get through", async () => {
	const stage = await execStage({ A: "1" });
	const before = [...UNSHARE, "sh", initScript];
	const agent = new ExecProcess(stage, ["--", "sh", "-c", ORPHANS], { before });
	const { status, stdout } = await agent.ended();
	expect({ status, stdout }).toEqual({ status: 5, stdout: "zombies 0\n" });
	expect(agent.log.some(({ event }) => event === "process.init")).toBe(false);

	const told = "trap 'exit 6' TERM; kill -TERM 1; while :; do sleep 0.1; done";
	expect(await new ExecProcess(stage, ["--", "sh", "-c", told], { before }).ended()).toMatchObject({
		status: 6,
	});
	expect(await new ExecProcess(stage, ["--", "cat"], { before, stdin: "typed" }).ended()).toMatchObject({
		stdout: "typed",
	});
});
