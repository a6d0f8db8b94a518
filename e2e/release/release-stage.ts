import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { AgentProcess, type StartOptions, TOKEN } from "../agent-process.js";
import { type Ended, runProgram, type Surroundings } from "../command.js";
import { workspace } from "../lambda-layer-stage.js";
import { temporaryFolder } from "../temporary-folder.js";

/** Where what is to be tried lies: as it would be downloaded, with the images beside it. */
export const release: string = process.env.CLEF_RELEASE ?? join(workspace, "dist", "release");

/** The version that everything must have. */
export const version: string = manifest("apps/agent").version;

/** The names of the files in the release that have this form, sorted. */
export function files(form: RegExp): string[] {
	return readdirSync(release)
		.filter((name) => form.test(name))
		.toSorted();
}

/** A package's manifest in the workspace. */
export function manifest(folder: string) {
	return JSON.parse(readFileSync(join(workspace, folder, "package.json"), "utf8"));
}

/** A command that can be called, and how the agent is started by it. */
export interface Tried {
	run(args: readonly string[], surroundings?: Surroundings): Promise<Ended>;
	readonly startOptions: StartOptions;
}

/** What a user does first: asks for the version, makes keys, packs, serves, asks with curl, and packs again. */
export async function firstUse({ run, startOptions }: Tried): Promise<void> {
	const cwd = temporaryFolder();
	const said = async (args: readonly string[], stdin = ""): Promise<string> => {
		const { status, stdout, stderr } = await run(args, { cwd, stdin });
		expect({ args, status, stderr: status === 0 ? "" : stderr }).toEqual({ args, status: 0, stderr: "" });
		return stdout + stderr;
	};
	expect(await said(["--version"])).toBe(`${version}\n`);
	const [recipient = ""] = /age1[0-9a-z]+/.exec(await said(["keygen", "-o", "age.key"])) ?? [];
	const [, verifyKey = ""] =
		/VERIFY_KEY=(\S+)/.exec(await said(["keygen", "--signing", "-o", "sign.pem"])) ?? [];
	const subject = ["--identity", "api", "--environment", "dev", "--recipient", recipient];
	const pack = (secrets: unknown) =>
		said(["pack", ...subject, "--sign-key", "sign.pem", "-o", "api.age.json"], JSON.stringify(secrets));
	await pack({ DB_PASSWORD: "hunter2" });
	const settings = { CLEF_AGENT_SOURCE: "api.age.json", CLEF_AGENT_AGE_KEY_FILE: "age.key" };
	const agent = await AgentProcess.ready(
		{ ...settings, CLEF_AGENT_VERIFY_KEY: verifyKey },
		{ ...startOptions, cwd, withoutAgeKey: true },
	);
	writeFileSync(join(cwd, "header"), `Authorization: Bearer ${TOKEN}`);
	const asked = await runProgram("curl", ["-sS", "-H", "@header", `${agent.url}/v1/secrets`], { cwd });
	expect(asked).toEqual({ status: 0, stdout: '{"DB_PASSWORD":"hunter2"}', stderr: "" });
	await pack({ DB_PASSWORD: "correct-horse" });
	await agent.serves({ DB_PASSWORD: "correct-horse" });
	expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
}
