import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { clefAgent, commandPath, runProgram } from "./command.js";
import { itWith } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

const PACK = ["pack", "--identity", "i", "--environment", "e", "--recipient", vectorKeys.ageRecipient];
const withDevFull = itWith({
	name: "/dev/full",
	present: process.platform === "linux",
	missing: "the system has no such device",
});

/** Runs a line of shell in which `$AGENT` is the built command. */
function shell(line: string, cwd: string, stdin = "A=1\n") {
	const env = { NODE: process.execPath, COMMAND: commandPath };
	const quoted = line.replaceAll("$AGENT", '"$NODE" "$COMMAND"');
	return runProgram("sh", ["-c", quoted], { cwd, env, stdin });
}

describe("what cannot be written", () => {
	withDevFull("makes a command fail, with one sentence: half an artifact must not pass for one", async () => {
		for (const args of [PACK.join(" "), "keygen", "--help"]) {
			const { status, stderr } = await shell(`$AGENT ${args} > /dev/full`, temporaryFolder());
			expect(status).toBe(1);
			expect(stderr).toContain("clef-agent: cannot write to standard output: the disk is full\n");
		}
	});

	it("makes a command fail without a word when its reader has left", async () => {
		const cwd = temporaryFolder();
		writeFileSync(join(cwd, "large.json"), JSON.stringify({ LARGE: "x".repeat(900_000) }));
		const line = `{ $AGENT ${PACK.join(" ")} large.json; echo "$?" > status; } | head -c 1`;
		expect(await shell(line, cwd)).toMatchObject({ stdout: "{", stderr: "" });
		expect(readFileSync(join(cwd, "status"), "utf8")).toBe("1\n");
	});

	it("fails nothing where the outputs are closed from the start", async () => {
		const cwd = temporaryFolder();
		expect(await shell(`$AGENT ${PACK.join(" ")} -o a.json >&- 2>&-`, cwd)).toMatchObject({ status: 0 });
		expect(JSON.parse(readFileSync(join(cwd, "a.json"), "utf8"))).toMatchObject({ identity: "i" });
	});

	it("leaves no half of a key behind, and the next attempt succeeds", async () => {
		const cwd = temporaryFolder();
		const failed = await shell("ulimit -f 0; $AGENT keygen -o age.key", cwd);
		expect(failed).toMatchObject({ status: 1, stdout: "" });
		expect(failed.stderr).toMatch(/^clef-agent: cannot write age\.key: EFBIG\n$/);
		expect(readdirSync(cwd)).toEqual([]);
		expect(await clefAgent(["keygen", "-o", "age.key"], { cwd })).toMatchObject({ status: 0 });
	});

	it("leaves an artifact as it was, and nothing beside it", async () => {
		const cwd = temporaryFolder();
		writeFileSync(join(cwd, "a.json"), "before");
		expect(await shell(`ulimit -f 0; $AGENT ${PACK.join(" ")} -o a.json`, cwd)).toMatchObject({ status: 1 });
		expect([readdirSync(cwd), readFileSync(join(cwd, "a.json"), "utf8")]).toEqual([["a.json"], "before"]);
	});

	it("D38 leaves no part of a generated token behind, start after start", async () => {
		const cwd = temporaryFolder();
		writeFileSync(join(cwd, "a.json"), "{}");
		const env = `CLEF_AGENT_SOURCE=a.json CLEF_AGENT_TOKEN_FILE=token CLEF_AGENT_AGE_KEY=${vectorKeys.ageSecretKey}`;
		const { status, stderr } = await shell(`ulimit -f 0; ${env} $AGENT`, cwd);
		expect(status).toBe(1);
		expect(stderr).toContain("cannot write a generated token to CLEF_AGENT_TOKEN_FILE token: EFBIG");
		expect(readdirSync(cwd)).toEqual(["a.json"]);
	});
});

describe("-o", () => {
	it("writes into a pipe that a shell has made, and into standard output by its name", async () => {
		const cwd = temporaryFolder();
		const pipe = await shell(
			`mkfifo pipe; cat pipe & $AGENT ${PACK.join(" ")} -o pipe; wait; test -p pipe`,
			cwd,
		);
		expect(pipe.status).toBe(0);
		expect(JSON.parse(pipe.stdout)).toMatchObject({ identity: "i" });
		const named = await shell(`$AGENT ${PACK.join(" ")} -o /proc/self/fd/1 | cat`, cwd);
		expect(JSON.parse(named.stdout)).toMatchObject({ identity: "i" });
	});
});
