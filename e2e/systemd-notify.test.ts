import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vector, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { inherited } from "./command.js";
import { eventually } from "./eventually.js";
import { part } from "./part.js";
import { NotificationReceiver } from "./systemd-manager.js";
import { temporaryFolder } from "./temporary-folder.js";

const program = part("systemd-notify");
const itNotifies = program.present || process.env.CI === "true" ? it : it.skip;
const note = program.present ? "" : " (needs systemd-notify, which is not installed)";

function sourceFile(): string {
	const file = join(temporaryFolder(), "artifact.json");
	writeFileSync(file, vector("plain"));
	return file;
}

describe(`a manager that listens${note}`, () => {
	itNotifies("hears that secrets can be had only once they can, and why not until then", async () => {
		const folder = temporaryFolder();
		const source = join(folder, "artifact.json");
		const socket = join(folder, "notify");
		const manager = await NotificationReceiver.on(socket);
		await AgentProcess.listening({ CLEF_AGENT_SOURCE: source, NOTIFY_SOCKET: socket });
		await manager.received("STATUS=not loaded: SOURCE_NOT_FOUND");
		await manager.received("EXTEND_TIMEOUT_USEC=60000000");
		expect(manager.assignments).not.toContain("READY=1");

		copyFileSync(sourceFile(), source);
		await manager.received("READY=1");
		const last = manager.notifications.findLast(({ text }) => text.includes("STATUS="));
		expect(last?.text).toMatch(/STATUS=serving revision \S+/);
	});

	itNotifies("hears where a reload begins and ends, on its own clock, and that the agent stops", async () => {
		const socket = join(temporaryFolder(), "notify");
		const manager = await NotificationReceiver.on(socket);
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile(), NOTIFY_SOCKET: socket });
		await manager.received("READY=1");
		const { monotonicMicroseconds: before = 0 } = manager.notifications.at(-1) ?? {};
		agent.signal("SIGHUP");
		await manager.received("READY=1", 2);
		const reload = manager.notifications.find(({ text }) => text.includes("RELOADING=1"));
		const stamp = Number(/^MONOTONIC_USEC=(\d+)$/m.exec(reload?.text ?? "")?.[1]);
		expect(stamp).toBeGreaterThan(before);
		expect(stamp).toBeLessThanOrEqual(reload?.monotonicMicroseconds ?? 0);

		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
		await manager.received("STOPPING=1");
		expect(manager.assignments.slice(-2)).toEqual(["STOPPING=1", "STATUS=stopping"]);
		expect(agent.log.filter(({ event }) => event === "service_manager.unreachable")).toEqual([]);
	});

	itNotifies("on an abstract socket gets the signs of life it asked for", async () => {
		const socket = `@clef-agent-${randomUUID()}`;
		const manager = await NotificationReceiver.on(socket);
		const watchdog = { WATCHDOG_USEC: "1000000" };
		await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile(), NOTIFY_SOCKET: socket, ...watchdog });
		await manager.received("WATCHDOG=1", 4);
	});

	itNotifies("hears of a storm of SIGHUP as few reloads, the last of which ends", async () => {
		const socket = join(temporaryFolder(), "notify");
		const manager = await NotificationReceiver.on(socket);
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile(), NOTIFY_SOCKET: socket });
		await manager.received("READY=1");
		for (let sent = 0; sent < 200; sent += 1) agent.signal("SIGHUP");
		await manager.received("READY=1", 2);
		const states = await eventually("the last reload's end", () => {
			const all = manager.assignments.filter((one) => /^(?:READY|RELOADING)=/.test(one));
			return all.at(-1) === "READY=1" ? all : undefined;
		});
		expect(states.length).toBeLessThan(100);
	});
});

describe("whatever becomes of the notifications, secrets are served", () => {
	const complaints = (agent: AgentProcess) =>
		agent.log.filter(({ event }) => event === "service_manager.unreachable");

	it("where there is no program to send them", async () => {
		const env = { CLEF_AGENT_SOURCE: sourceFile(), NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "100000" };
		const agent = await AgentProcess.ready({ ...env, PATH: temporaryFolder() });
		await agent.warned("service_manager.unreachable", /systemd-notify is not on PATH; install it/);
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(await agent.stop()).toMatchObject({ status: 0 });
		expect(complaints(agent)).toHaveLength(1);
	});

	itNotifies(`where nobody receives them${note}`, async () => {
		const socket = join(temporaryFolder(), "notify");
		const env = { CLEF_AGENT_SOURCE: sourceFile(), NOTIFY_SOCKET: socket, WATCHDOG_USEC: "100000" };
		const agent = await AgentProcess.ready(env);
		await agent.warned("service_manager.unreachable", /systemd-notify failed/);
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(await agent.stop()).toMatchObject({ status: 0 });
		expect(complaints(agent)).toHaveLength(1);
	});
});

describe("the program that sends them", () => {
	/** A folder with a program of that name, which writes down what it sees. */
	function spy(): { PATH: string; seen: string } {
		const folder = temporaryFolder();
		const seen = join(folder, "seen");
		const script = `#!/bin/sh\nenv >> ${seen}\n`;
		writeFileSync(join(folder, "systemd-notify"), script, { mode: 0o755 });
		return { PATH: `${folder}:${inherited().PATH}`, seen };
	}

	it("sees nothing of the agent's environment", async () => {
		const { PATH, seen } = spy();
		const env = { CLEF_AGENT_SOURCE: sourceFile(), NOTIFY_SOCKET: "/run/notify", WATCHDOG_USEC: "9000000" };
		const agent = await AgentProcess.ready({ ...env, PATH });
		await agent.stop();
		const names = readFileSync(seen, "utf8")
			.trimEnd()
			.split("\n")
			.map((line) => line.replace(/=.*/, ""));
		// PWD and _ are the shell's own.
		const inheritedNames = new Set(names.filter((name) => name !== "PWD" && name !== "_"));
		expect([...inheritedNames].sort()).toEqual(["NOTIFY_SOCKET", "PATH"]);
	});

	it("is not started where no manager asked for it", async () => {
		const { PATH, seen } = spy();
		const agent = await AgentProcess.ready({ CLEF_AGENT_SOURCE: sourceFile(), PATH });
		agent.signal("SIGHUP");
		await agent.logged("agent.refreshing");
		expect(await agent.stop()).toMatchObject({ status: 0 });
		expect(existsSync(seen)).toBe(false);
	});
});
