import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { deliver, groupLives } from "../src/process-group.js";

it("lives while a member runs, and not for those that ended, whoever waits for them", async () => {
	const leader = spawn("sh", ["-c", "sleep 60 & echo started; exec sleep 60"], { detached: true });
	const group = Number(leader.pid);
	await once(leader.stdout, "data");
	expect(groupLives(group)).toBe(true);
	expect(deliver(-group, "SIGKILL")).toBe(true);
	// Whether the system still knows the one in the background is up to process 1.
	await once(leader, "close");
	expect(groupLives(group)).toBe(false);
	expect(groupLives(2 ** 22 + 1)).toBe(false);
});
