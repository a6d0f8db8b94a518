import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eventually } from "./eventually.js";
import { ExecProcess, execStage, execToEnd, isAlive } from "./exec-stage.js";
import { itWith, part } from "./part.js";

/** Says who it is and which signals it gets; ends at SIGTERM with status 3. */
const LISTENER = `
	const names = ["SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGWINCH", "SIGCONT", "SIGTSTP"];
	for (const name of names) process.on(name, () => console.log("got " + name));
	process.on("SIGTERM", () => process.exit(3));
	setInterval(() => {}, 60_000);
	console.log("pid " + process.pid);`;

const LISTEN = ["--", process.execPath, "-e", LISTENER];

it.each(["SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGWINCH", "SIGCONT", "SIGTSTP"] as const)(
	"hands %s to the command, once",
	async (signal) => {
		const agent = new ExecProcess(await execStage({ A: "1" }), LISTEN);
		await agent.said(/^pid \d+\n/m);
		agent.signal(signal);
		await agent.said(new RegExp(`got ${signal}`));
		agent.signal("SIGTERM");
		const { status, stdout } = await agent.ended();
		expect({ status, count: stdout.match(/got/g)?.length }).toEqual({ status: 3, count: 1 });
	},
);

it("hands SIGUSR1 on as well, and opens no inspector for it", async () => {
	const trap = "trap 'echo got USR1' USR1; echo pid $$; while :; do sleep 0.1; done";
	const agent = new ExecProcess(await execStage({ A: "1" }), ["--", "sh", "-c", trap]);
	await agent.said(/^pid \d+\n/m);
	agent.signal("SIGUSR1");
	await agent.said(/got USR1/);
	expect(agent.stderr).not.toMatch(/debugger/i);
});

it("is ended by SIGTERM with 143 when the command is", async () => {
	const agent = new ExecProcess(await execStage({ A: "1" }), [
		"--",
		"sh",
		"-c",
		"echo pid $$; exec sleep 60",
	]);
	await agent.said(/^pid \d+\n/m);
	agent.signal("SIGTERM");
	expect(await agent.ended()).toMatchObject({ status: 143 });
});

describe("process groups", () => {
	it("kills what ignores SIGTERM after the grace period, with all that it started", async () => {
		const deaf = "trap '' TERM; sleep 60 & echo left $!; echo pid $$; while :; do sleep 1; done";
		const agent = new ExecProcess(await execStage({ A: "1" }), ["--grace", "1", "--", "sh", "-c", deaf]);
		await agent.said(/^pid \d+\n/m);
		const left = Number(await agent.said(/left (\d+)\n/));
		agent.signal("SIGTERM");
		const { status, stderr } = await agent.ended();
		expect(status).toBe(137);
		expect(stderr).toMatch(/sh did not end within 1 s \(--grace\): killing it/);
		await eventually("the end of what it started", () => !isAlive(left));
	});

	it("ends what a stopped command leaves behind", async () => {
		const leaver = "sleep 60 & echo left $!; echo pid $$; wait";
		const agent = new ExecProcess(await execStage({ A: "1" }), ["--", "sh", "-c", leaver]);
		await agent.said(/^pid \d+\n/m);
		const left = Number(await agent.said(/left (\d+)\n/));
		agent.signal("SIGTERM");
		expect(await agent.ended()).toMatchObject({ status: 143 });
		await eventually("the end of what it left", () => !isAlive(left));
	});

	it("leaves alone what a command leaves behind that ends by itself", async () => {
		const leaver = "sleep 60 >/dev/null 2>&1 & echo left $!; echo pid $$";
		const stage = await execStage({ A: "1" });
		const { status, stdout } = await execToEnd(stage, ["--", "sh", "-c", leaver]);
		const left = Number(/left (\d+)/.exec(stdout)?.[1]);
		expect({ status, isAlive: isAlive(left) }).toEqual({ status: 0, isAlive: true });
		process.kill(left, "SIGKILL");
	});
});

describe("in front of a terminal", () => {
	/** Gives a program a terminal of its own, types Ctrl-C when it asks for it, and prints what it wrote. */
	const TYPIST = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if b"PRESS" in piece:
        os.write(terminal, b"\\x03")
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

	itWith(part("python3"))("Ctrl-C reaches the command once, and it can read what is typed", async () => {
		const stage = await execStage({ A: "1" });
		const typist = join(stage.folder, "typist.py");
		writeFileSync(typist, TYPIST);
		const patient = `
			const { openSync } = require("node:fs");
			openSync("/dev/tty");
			let count = 0;
			process.on("SIGINT", () => { count += 1; setTimeout(() => process.exit(20 + count), 300); });
			setInterval(() => {}, 60_000);
			console.log("PRESS");`;
		const inTerminal = ["python3", typist];
		const agent = new ExecProcess(stage, ["--", process.execPath, "-e", patient], { before: inTerminal });
		const { status, stdout } = await agent.ended();
		expect(status, stdout).toBe(21);
		expect(stdout).toContain("INFO started");
	});

	itWith(part("python3"))("is the command's own status that comes back from Ctrl-C", async () => {
		const stage = await execStage({ A: "1" });
		const typist = join(stage.folder, "typist.py");
		writeFileSync(typist, TYPIST);
		const command = ["--", "sh", "-c", "echo PRESS; exec sleep 60"];
		const agent = new ExecProcess(stage, command, { before: ["python3", typist] });
		expect(await agent.ended()).toMatchObject({ status: 130 });
	});
});
