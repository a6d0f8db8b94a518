import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, vi } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { type Ended, runProgram } from "./command.js";
import { itWith, type Part, part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

type CommandLine = readonly [program: string, ...args: string[]];

/** How one of the examples becomes a program. */
interface Example {
	readonly needs: Part;
	/** A compiler's command, which writes into the folder. */
	readonly compile?: (folder: string) => CommandLine;
	readonly run: (folder: string) => CommandLine;
}

/** Compilers take longer than other tests, and longest the first time. */
vi.setConfig({ testTimeout: 60_000 });

const EXAMPLES: Readonly<Record<string, Example>> = {
	"handler.py": { needs: part("python3"), run: () => ["python3", example("handler.py")] },
	"index.mjs": { needs: part("node"), run: () => [process.execPath, example("index.mjs")] },
	"secret.sh": { needs: part("curl"), run: () => ["sh", example("secret.sh")] },
	"main.go": {
		needs: part("go", "version"),
		compile: (folder) => ["go", "build", "-o", join(folder, "main"), example("main.go")],
		run: (folder) => [join(folder, "main")],
	},
	"Handler.java": {
		needs: part("javac"),
		compile: (folder) => ["javac", "-d", folder, example("Handler.java")],
		run: (folder) => ["java", "-cp", folder, "Handler"],
	},
	"main.rs": {
		needs: part("rustc"),
		compile: (folder) => ["rustc", "--edition", "2021", "-o", join(folder, "main"), example("main.rs")],
		run: (folder) => [join(folder, "main")],
	},
};

/** What quoting, character sets and trimming would each spoil. */
const VALUE = `postgres://app:"p'w"\\$@db/ü→🔑?a=%20\r\n \n `;

/** As long as a session token and of the same characters. */
const SESSION_TOKEN = sessionToken("right");
const OTHER_TOKEN = sessionToken("wrong");

/** Nobody answers there: a program that went through a proxy would fail. */
const PROXY = "http://127.0.0.1:9";
const PROXIES = {
	HTTP_PROXY: PROXY,
	http_proxy: PROXY,
	ALL_PROXY: PROXY,
	all_proxy: PROXY,
	JAVA_TOOL_OPTIONS: "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=9 -Dhttp.nonProxyHosts=",
};

/** By which `rustc`, where it is rustup's, finds the compiler. */
const { RUSTUP_HOME } = process.env;
const COMPILERS = RUSTUP_HOME === undefined ? {} : { RUSTUP_HOME };

for (const [name, { needs, compile, run }] of Object.entries(EXAMPLES)) {
	itWith(needs)(`${name} reads exactly the value, and says why it may not`, async () => {
		const folder = temporaryFolder();
		const agent = await servingAgent(folder);
		if (compile) expect(await runIn(folder, compile(folder), COMPILERS)).toMatchObject({ status: 0 });
		const reading = (token: string) =>
			runIn(folder, run(folder), { AWS_SESSION_TOKEN: token, CLEF_AGENT_PORT: String(agent.port) });

		expect(await reading(SESSION_TOKEN)).toMatchObject({ status: 0, stdout: VALUE });

		const { status, stdout, stderr } = await reading(OTHER_TOKEN);
		expect({ status, stdout }).toEqual({ status: expect.toSatisfy(Boolean), stdout: "" });
		const refusal = (await agent.get("/v1/secrets/DATABASE_URL")).json();
		expect(refusal).toMatchObject({ code: "UNAUTHORIZED" });
		expect(stderr).toContain("401");
		expect(stderr).toContain(refusal.error);
		expect(stderr).not.toContain(OTHER_TOKEN);
		expect(agent.stderr).not.toContain(SESSION_TOKEN);
	});
}

function example(name: string): string {
	return fileURLToPath(new URL(`../examples/lambda/${name}`, import.meta.url));
}

/** 800 characters of base64, which has `+`, `/` and `=`. */
function sessionToken(seed: string): string {
	return createHash("shake256", { outputLength: 598 }).update(seed).digest("base64");
}

/** As the extension serves inside Lambda: the function's session token opens it. */
async function servingAgent(folder: string): Promise<AgentProcess> {
	const source = join(folder, "artifact.json");
	writeFileSync(source, await sealArtifact({ secrets: { DATABASE_URL: VALUE } }));
	return AgentProcess.ready({
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_TOKEN: SESSION_TOKEN,
	});
}

function runIn(
	cwd: string,
	[program, ...args]: CommandLine,
	env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
	return runProgram(program, args, { cwd, env: { ...PROXIES, GOCACHE: join(cwd, "go-cache"), ...env } });
}
