import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { startOtlpReceiver } from "@clef-sh/testkit/otlp-receiver";
import { S3Server } from "@clef-sh/testkit/s3-server";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { Binary, binaryParts, buildBinary } from "./binary-stage.js";
import type { Ended } from "./command.js";
import { eventually } from "./eventually.js";
import { ExecProcess, execStage } from "./exec-stage.js";
import { shellProgram, workspace, workspaceCopy } from "./lambda-layer-stage.js";
import { canUnshare, ORPHANS, UNSHARE } from "./namespace.js";
import { followPage } from "./page-session.js";
import { itWith } from "./part.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startTlsServer } from "./tls-server.js";

vi.setConfig({ testTimeout: 60_000 });

const NAME = "clef-agent-linux-x64";
const parts = await binaryParts("linux-x64");
const itWithBinary = itWith(parts);

const output = mkdtempSync(join(tmpdir(), "clef-agent-binary-"));
const binary = new Binary(join(output, NAME));
let built: Ended;

beforeAll(async () => {
	if (parts.present) built = await buildBinary("linux-x64", output);
}, 120_000);

afterAll(() => rmSync(output, { recursive: true, force: true }));

function sourceFile(): string {
	const path = join(temporaryFolder(), "artifact.json");
	writeFileSync(path, vector("signed"));
	return path;
}

const verified = { CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };

describe("the build", () => {
	itWithBinary("states the size, and a hash as sha256sum has it", async () => {
		expect(built).toMatchObject({ status: 0, stderr: "" });
		expect(built.stdout).toMatch(new RegExp(`^${NAME} +[\\d.]+ MB {2}Node\\.js 24\\.21\\.0\n$`));
		const hash = createHash("sha256").update(binary.bytes).digest("hex");
		expect(readFileSync(`${binary.file}.sha256`, "utf8")).toBe(`${hash}  ${NAME}\n`);
		expect(readdirSync(output).sort()).toEqual([NAME, `${NAME}.LICENSES.txt`, `${NAME}.sha256`]);
		const licenses = readFileSync(`${binary.file}.LICENSES.txt`, "utf8");
		for (const name of ["age-encryption", "hono", "Node.js 24.21.0"]) expect(licenses).toContain(name);
	});

	itWithBinary("makes the same bytes in another place", async () => {
		const again = temporaryFolder();
		expect(await buildBinary("linux-x64", again, workspaceCopy())).toMatchObject({ status: 0 });
		expect(Buffer.compare(readFileSync(join(again, NAME)), binary.bytes)).toBe(0);
	});

	it("says in one sentence what is wrong with its options", async () => {
		const { status, stderr } = await buildBinary("windows", output);
		expect(status).toBe(1);
		expect(stderr).toBe(
			'There is no binary "windows"; use [--output DIR] [--only linux-x64|linux-arm64|darwin-arm64|darwin-x64].\n',
		);
	});
});

describe("the commands", () => {
	itWithBinary("exec leaves being process 1 to a shell, which waits for orphans", async () => {
		// Where no namespace can be made it is no process 1, and init takes them; the environment is checked all the same.
		const started = { agent: [NAME], env: { GIVEN: "kept", PATH: `${output}:${process.env.PATH}` } };
		const options = { ...started, before: canUnshare ? UNSHARE : [] };
		const agent = new ExecProcess(
			await execStage({ A: "1" }),
			["--", "sh", "-c", `echo "$A $GIVEN"; ${ORPHANS}`],
			options,
		);
		expect(await agent.ended()).toMatchObject({ status: 5, stdout: "1 kept\nzombies 0\n" });
		expect(agent.log.some(({ event }) => event === "process.init")).toBe(false);
	});

	itWithBinary("--version and --help are the npm command's", async () => {
		const { version } = JSON.parse(readFileSync(join(workspace, "apps/agent/package.json"), "utf8"));
		expect(await binary.run(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
		expect((await binary.run(["--help"])).stdout).toMatch(/^The sidecar that hands/);
	});

	itWithBinary("keygen, pack, inspect and verify fit each other", async () => {
		const cwd = temporaryFolder();
		writeFileSync(join(cwd, "secrets.json"), '{"KEY":"packed by the binary"}');
		const [, recipient = ""] =
			/(age1\w+)/.exec((await binary.run(["keygen", "-o", "id"], { cwd })).stderr) ?? [];
		const names = ["--identity", "api", "--environment", "test", "--recipient", recipient];
		const packed = await binary.run(["pack", "secrets.json", ...names, "-o", "artifact.json"], { cwd });
		expect(packed).toMatchObject({ status: 0 });
		const { stdout } = await binary.run(["inspect", "--json", "artifact.json"], { cwd });
		expect(JSON.parse(stdout)).toMatchObject({ identity: "api", environment: "test" });
		const agent = await binary.ready({
			CLEF_AGENT_SOURCE: join(cwd, "artifact.json"),
			CLEF_AGENT_AGE_KEY_FILE: join(cwd, "id"),
			CLEF_AGENT_AGE_KEY: "",
		});
		expect(await agent.secrets()).toEqual({ KEY: "packed by the binary" });
	});

	itWithBinary("a flag of Node's is an unknown option of its own", async () => {
		for (const flag of ["--inspect", "--inspect-brk=9777", "--require", "-e", "--node-options=--inspect"]) {
			const { status, stderr } = await binary.run([flag, "x"]);
			expect({ flag, status }).toEqual({ flag, status: 1 });
			expect(stderr).toMatch(/^clef-agent: unknown option --?[\w-]+\n {2}clef-agent --help/);
		}
	});
});

describe("the agent", () => {
	itWithBinary("serves a file, takes a new one, answers health, and ends at SIGTERM", async () => {
		const source = sourceFile();
		const agent = await binary.ready({ ...verified, CLEF_AGENT_SOURCE: source });
		expect(await agent.secrets()).toEqual(vectorSecrets);
		const healthy = await binary.run(["health"], { env: { CLEF_AGENT_PORT: String(agent.port) } });
		expect(healthy).toMatchObject({ status: 0 });
		writeFileSync(source, await sealArtifact({ secrets: { KEY: "rotated" } }));
		agent.signal("SIGHUP");
		await agent.serves({ KEY: "rotated" });
		expect(await agent.stop()).toMatchObject({ status: 0, signal: null });
	});

	itWithBinary("is checked, asked for its version and started as the page says", async () => {
		const settings = `CLEF_AGENT_SOURCE="${sourceFile()}" CLEF_AGENT_AGE_KEY=${vectorKeys.ageSecretKey}`;
		const { answers } = await followPage(snippetsFor("binary"), {
			fill: {
				"cd dist/binary": `cd "${output}"`,
				"CLEF_AGENT_SOURCE=…": settings,
				"VERIFY_KEY=… ./clef-agent-linux-x64": `VERIFY_KEY=${vectorKeys.ed25519PublicKey} ./clef-agent-linux-x64 &`,
			},
		});
		expect(answers.map((answer) => answer.output).join("")).toMatch(/^\S+: OK\n\d+\.\d+\.\d+\n/);
	});

	itWithBinary("leaves the inspector shut at SIGUSR1", async () => {
		const agent = await binary.ready({ ...verified, CLEF_AGENT_SOURCE: sourceFile() });
		for (let time = 0; time < 3; time += 1) agent.signal("SIGUSR1");
		agent.signal("SIGHUP");
		await agent.logged("agent.refreshing");
		expect(await agent.secrets()).toEqual(vectorSecrets);
		expect(agent.stderr).not.toMatch(/debugger|inspector/i);
	});

	itWithBinary("reads a bucket with the AWS SDK", async () => {
		const server = await S3Server.start();
		onTestFinished(() => server.close());
		server.put("artifacts", "production.json", vector("signed"));
		const agent = await binary.ready({
			...verified,
			CLEF_AGENT_SOURCE: "s3://artifacts/production.json",
			AWS_CONFIG_FILE: "/nowhere/config",
			AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
			AWS_EC2_METADATA_DISABLED: "true",
			...server.environment(),
		});
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	itWithBinary("believes NODE_EXTRA_CA_CERTS, and tells a collector", async () => {
		const receiver = await startOtlpReceiver();
		onTestFinished(() => receiver.close());
		const { port, authority } = await startTlsServer(["127.0.0.1"], (_, response) =>
			response.end(vector("signed")),
		);
		const agent = await binary.ready({
			...verified,
			CLEF_AGENT_SOURCE: `https://127.0.0.1:${port}/artifact`,
			CLEF_AGENT_TELEMETRY_URL: receiver.url,
			OTEL_BLRP_SCHEDULE_DELAY: "50",
			NODE_EXTRA_CA_CERTS: authority,
		});
		expect(await agent.secrets()).toEqual(vectorSecrets);
		await eventually("the load at the collector", () =>
			receiver.logs.some(({ body }) => body === "artifact.refreshed"),
		);
	});
});

describe("the environment", () => {
	/** Code that leaves a trace when anything loads it. */
	function planted(extension: string): { code: string; trace: string } {
		const trace = join(temporaryFolder(), "was-here");
		const code = join(temporaryFolder(), `planted${extension}`);
		const write = `writeFileSync(${JSON.stringify(trace)}, "")`;
		const load =
			extension === ".mjs"
				? 'import { writeFileSync } from "node:fs"'
				: 'const { writeFileSync } = require("node:fs")';
		writeFileSync(code, `${load};\n${write};\n`);
		return { code, trace };
	}

	itWithBinary("loads nothing into it by NODE_OPTIONS or NODE_REPL_EXTERNAL_MODULE", async () => {
		const [required, imported] = [planted(".cjs"), planted(".mjs")];
		for (const NODE_OPTIONS of [`--require ${required.code}`, `--import ${imported.code}`, "--inspect=0"])
			expect(await binary.run(["--version"], { env: { NODE_OPTIONS } })).toMatchObject({
				status: 0,
				stderr: "",
			});
		const replaced = await binary.run([], { env: { NODE_REPL_EXTERNAL_MODULE: required.code } });
		expect(replaced.status).not.toBe(0);
		expect([existsSync(required.trace), existsSync(imported.trace)]).toEqual([false, false]);
	});

	itWithBinary("has no file written and nothing printed of what it sends and receives", async () => {
		const folder = temporaryFolder();
		const agent = await binary.ready({
			...verified,
			CLEF_AGENT_SOURCE: sourceFile(),
			NODE_DEBUG: "http,net,stream",
			NODE_REDIRECT_WARNINGS: join(folder, "warnings"),
			NODE_V8_COVERAGE: join(folder, "coverage"),
			SSLKEYLOGFILE: join(folder, "keys"),
		});
		expect(await agent.secrets()).toEqual(vectorSecrets);
		await agent.stop();
		expect(agent.stderr).not.toMatch(/^(?:HTTP|NET|STREAM)/m);
		expect(agent.log.length).toBeGreaterThan(1);
		expect(readdirSync(folder).filter((name) => name !== "coverage")).toEqual([]);
		// Of the start itself one is left, which knows nothing of a load.
		const covered = readdirSync(join(folder, "coverage")).map((name) =>
			readFileSync(join(folder, "coverage", name), "utf8"),
		);
		for (const text of covered) expect(text).not.toMatch(/age-encryption|run-/);
	});

	itWithBinary("believes no certificate for NODE_TLS_REJECT_UNAUTHORIZED=0", async () => {
		const { port } = await startTlsServer(["127.0.0.1"], (_, response) => response.end(vector("signed")));
		const ended = await binary.run(["verify", "--help"], { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
		expect(ended).toMatchObject({ status: 0, stderr: "" });
		const agent = await AgentProcess.listening(
			{
				...verified,
				CLEF_AGENT_SOURCE: `https://127.0.0.1:${port}/artifact`,
				NODE_TLS_REJECT_UNAUTHORIZED: "0",
			},
			binary.startOptions,
		);
		expect((await agent.logged("fetch.failed")).message).toMatch(/certificate is not trusted/);
	});
});

describe("a binary from a machine without strip, whose SDKs throw when they are evaluated", () => {
	const folder = mkdtempSync(join(tmpdir(), "clef-agent-binary-"));
	const throwing = new Binary(join(folder, NAME));
	let building: Promise<Ended> | undefined;
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	/** Chunks with an SDK, OpenTelemetry or undici in them. */
	function heavyChunks(chunks: string): string[] {
		const heavy = /^undici|@aws-sdk|@smithy|google-auth-library|@azure\/|@octokit|@opentelemetry/;
		return readdirSync(chunks).filter((name) => heavy.test(name + readFileSync(join(chunks, name), "utf8")));
	}

	function builtOnce(): Promise<Ended> {
		building ??= buildThrowing();
		return building;
	}

	function buildThrowing(): Promise<Ended> {
		const root = workspaceCopy();
		const chunks = join(root, "apps", "agent", "standalone", "chunks");
		for (const name of heavyChunks(chunks))
			writeFileSync(join(chunks, name), `throw new RangeError("${name} was loaded");`);
		const bin = join(root, "bin");
		for (const name of ["x86_64-linux-gnu-strip", "llvm-strip"]) shellProgram(join(bin, name), "exit 1");
		return buildBinary("linux-x64", folder, root, { PATH: `${bin}:${process.env.PATH}` });
	}

	itWithBinary("is built larger, and the build says why", async () => {
		const { status, stdout, stderr } = await builtOnce();
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(stdout).toContain("with Node's symbols, so that it is larger; install x86_64-linux-gnu-strip");
		expect(throwing.bytes.length).toBeGreaterThan(binary.bytes.length);
	});

	itWithBinary("serves a file with an age key", async () => {
		await builtOnce();
		expect(heavyChunks(join(workspace, "apps/agent/standalone/chunks")).length).toBeGreaterThan(10);
		const agent = await throwing.ready({ ...verified, CLEF_AGENT_SOURCE: sourceFile() });
		expect(await agent.secrets()).toEqual(vectorSecrets);
	});

	itWithBinary("fails with a bucket", async () => {
		await builtOnce();
		const env = { CLEF_AGENT_SOURCE: "s3://bucket/key", AWS_REGION: "eu-central-1" };
		const agent = await AgentProcess.spawn({ ...verified, ...env }, throwing.startOptions);
		expect((await agent.logged("fetch.failed")).message).toContain("No request could be made");
	});
});
