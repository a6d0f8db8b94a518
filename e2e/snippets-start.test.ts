import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, vi } from "vitest";
import { eventually } from "./eventually.js";
import { itWith, part } from "./part.js";
import { commandsIn, ShellSession } from "./shell-session.js";
import { snippetsFor } from "./snippets.js";

vi.setConfig({ testTimeout: 60_000 });

const workspace = fileURLToPath(new URL("..", import.meta.url));
const [first, ...others] = snippetsFor("start").map(({ text }) => text);
const commands = commandsIn(first ?? "");

/** The commands that the demo says to try, with what is to be seen. */
const TRIED = [
	[/ +(curl -s .*\/v1\/secrets)\n/, "correct horse battery staple"],
	[/ +(curl -s .*DB_PASSWORD)\n/, "correct horse battery staple"],
	[/ +(echo damaged > .*)\n/, ""],
	[/ +(curl -s .*DB_PASSWORD)\n/, "correct horse battery staple"],
	[/ +(echo '\{.*)\n/, ""],
	[/ +(curl -s .*DB_PASSWORD)\n/, "rotated"],
	[/ +(node .* revoke .*)\n/, ""],
	[/ +(curl -s .*DB_PASSWORD)\n/, "ARTIFACT_REVOKED"],
] as const;

itWith(part("curl"))("npm start serves demo secrets, and what it says to try works", async () => {
	const [start = ""] = commands;
	expect(start).toMatch(/^npm start +#/);
	const session = await ShellSession.start();
	await session.run(`cd "${workspace}"`);
	const output = `${session.folder}/out`;
	await session.run(start.replace("npm start", `npm start >"${output}" 2>&1 &`));
	const said = await eventually("what to try", () => {
		// The shell makes it when it comes to it.
		const out = existsSync(output) ? readFileSync(output, "utf8") : "";
		return /removes \S+\.\n/.test(out) ? out : undefined;
	});
	for (const [pattern, seen] of TRIED) {
		const command = pattern.exec(said)?.[1] ?? "";
		await eventually(`${seen} after ${command}`, async () => {
			const { status, output: shown } = await session.run(command);
			expect({ command, status }, shown).toEqual({ command, status: 0 });
			return shown.includes(seen);
		});
	}
	// The demo looks whether its shell is still there, and removes its folder then.
	await session.run("kill %1; wait");
	const folder = /removes (\S+)\.\n/.exec(said)?.[1] ?? "";
	expect(folder).toContain("clef-agent-demo-");
	await eventually(`${folder} is removed`, () => !existsSync(folder));
});

itWith(part("bash"))("npm test is what CI runs", () => {
	const ci = readFileSync(`${workspace}.ci/run`, "utf8");
	expect(commands.map((command) => command.replace(/ +#.*/, ""))).toEqual(["npm start", "npm test"]);
	expect(ci).toMatch(/^step test npm test$/m);
	expect(others, "other pages say the same").toEqual(others.map(() => first));
	return Promise.resolve();
});
