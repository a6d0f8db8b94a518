import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ExecProcess, execStage } from "./exec-stage.js";

const UNSHARE = ["unshare", "--map-root-user", "--fork", "--pid", "--mount-proc", "--kill-child"];

const canUnshare = spawnSync("unshare", [...UNSHARE.slice(1), "true"]).status === 0;

/** Whether a user may make namespaces is for the machine to say, in CI too. */
function itInNamespace(title: string, test: () => Promise<void>): void {
	const note = canUnshare ? "" : " (needs unshare and the right to make PID namespaces, which are not here)";
	(canUnshare ? it : it.skip)(title + note, test);
}

const initScript = fileURLToPath(new URL("../examples/exec/init.sh", import.meta.url));

/** Leaves five orphans, waits until they have ended, and counts those that nobody has waited for. */
const ORPHANS = `i=0; while [ $i -lt 5 ]; do (sleep 0.1 &); i=$((i+1)); done; sleep 0.6
echo "zombies $(cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z ')"; exit 5`;

itInNamespace("as process 1 it works, and says that orphans stay behind as zombies", async () => {
	const agent = new ExecProcess(await execStage({ A: "1" }), ["--", "sh", "-c", ORPHANS], {
		before: UNSHARE,
	});
	const { status, stdout } = await agent.ended();
	expect({ status, stdout }).toEqual({ status: 5, stdout: "zombies 5\n" });
	expect(await agent.logged("process.init")).toMatchObject({ level: "WARN" });
});

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
