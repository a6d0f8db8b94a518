import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Ended, runProgram } from "./command.js";
import {
	buildLayer,
	extensionLives,
	nodeBinaries,
	shellProgram,
	workspace,
	workspaceCopy,
} from "./lambda-layer-stage.js";
import { inheritedNpm } from "./other-node.js";
import { itWith } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";
import { readZip, unpackZip } from "./zip.js";

// A zip takes ten seconds on a machine that does nothing else.
vi.setConfig({ testTimeout: 120_000 });

const MB = 1024 * 1024;
const BUILD_MS = 300_000;
/** 1980-01-01 00:00:00, the first time that a zip can state. */
const FIRST_DOS_TIME = 0x00210000;
/** `e_machine` of an ELF file. */
const MACHINES = { x64: 62, arm64: 183 };

const binaries = await nodeBinaries();
const itWithNode = itWith(binaries);
/** The layer that this machine can run. */
const own = process.arch === "arm64" ? "arm64" : "x64";
const itOnLinux = itWith({
	name: `Linux on ${own}`,
	present: binaries.present && process.platform === "linux" && process.arch === own,
	missing: binaries.missing ?? "this machine is another",
});
const layers = binaries.present || process.env.CI === "true" ? ["nodejs", "x64", "arm64"] : ["nodejs"];

const output = mkdtempSync(join(tmpdir(), "clef-agent-layers-"));
const unpacked = mkdtempSync(join(tmpdir(), "clef agent unpacked-"));
let built: Ended;

beforeAll(async () => {
	built = await buildLayer(["--output", output, ...(layers.length === 1 ? ["--only", "nodejs"] : [])]);
	unpackZip(layer("nodejs"), join(unpacked, "nodejs"));
}, BUILD_MS);

afterAll(() => {
	for (const folder of [output, unpacked]) rmSync(folder, { recursive: true, force: true });
});

function file(name: string): string {
	return `clef-agent-lambda-${name}.zip`;
}

function layer(name: string): Uint8Array {
	return readFileSync(join(output, file(name)));
}

function modes(name: string): Record<string, string> {
	return Object.fromEntries(readZip(layer(name)).map(({ path, mode }) => [path, mode.toString(8)]));
}

const COMMON_MODES = { "clef-agent/LICENSE": "100644", "extensions/clef-agent": "100755" };

function bundleModes(): Record<string, string> {
	const dist = join(workspace, "apps", "agent", "dist");
	const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((path) =>
		statSync(join(dist, path)).isFile(),
	);
	return {
		...Object.fromEntries(files.map((path) => [`clef-agent/dist/${path}`, "100644"])),
		"clef-agent/package.json": "100644",
		...COMMON_MODES,
	};
}

function checkStated(name: string): void {
	const zip = layer(name);
	const hash = createHash("sha256").update(zip).digest("hex");
	expect(readFileSync(join(output, `${file(name)}.sha256`), "utf8")).toBe(`${hash}  ${file(name)}\n`);
	const unzipped = readZip(zip).reduce((sum, { bytes }) => sum + bytes.length, 0) / MB;
	expect(zip.length / MB).toBeLessThan(50);
	expect(unzipped).toBeLessThan(250);
	const line = built.stdout.split("\n").find((text) => text.startsWith(file(name)));
	expect(line?.replace(/ +/g, " ")).toBe(
		`${file(name)} ${(zip.length / MB).toFixed(1)} MB zipped ${unzipped.toFixed(1)} MB unzipped ` +
			`${((unzipped / 250) * 100).toFixed(1)} % of Lambda's 250 MB`,
	);
}

describe("the layers", () => {
	it("nodejs: holds the agent and its launcher, and no Node.js", async () => {
		expect(built).toMatchObject({ status: 0, stderr: "" });
		expect(modes("nodejs")).toEqual(bundleModes());
		checkStated("nodejs");
		const manifest = JSON.parse(readFileSync(join(unpacked, "nodejs/clef-agent/package.json"), "utf8"));
		const { name, version } = JSON.parse(readFileSync(join(workspace, "apps/agent/package.json"), "utf8"));
		expect(manifest).toEqual({ name, version, type: "module" });
	});

	for (const [name, machine] of Object.entries(MACHINES)) {
		itWithNode(`${name}: holds a binary for its architecture, and no other code`, async () => {
			expect(modes(name)).toEqual({
				...COMMON_MODES,
				"clef-agent/clef-agent": "100755",
				"clef-agent/LICENSES.txt": "100644",
			});
			checkStated(name);
			const entry = readZip(layer(name)).find(({ path }) => path === "clef-agent/clef-agent");
			const binary = entry?.bytes ?? new Uint8Array();
			expect(Buffer.from(binary.subarray(0, 4)).toString("latin1")).toBe("\x7fELF");
			expect(Buffer.from(binary.subarray(18, 20)).readUInt16LE()).toBe(machine);
		});
	}

	it("list their files sorted, all with the same time", async () => {
		for (const name of layers) {
			const entries = readZip(layer(name));
			const paths = entries.map(({ path }) => path);
			expect(paths).toEqual([...paths].sort());
			expect(new Set(entries.map(({ dosTime }) => dosTime))).toEqual(new Set([FIRST_DOS_TIME]));
		}
	});
});

describe("the same bytes come out", () => {
	/** Elsewhere, in another zone, for a user whose files others may not read. */
	async function buildElsewhere(name: string): Promise<void> {
		const again = temporaryFolder();
		const script = join(workspaceCopy(), "scripts", "build-layer.js");
		const command = [process.execPath, script, "--output", again, "--only", name];
		const strict = ["-c", 'umask 077; exec "$@"', "sh", ...command];
		expect(await runProgram("sh", strict, { env: { ...inheritedNpm(), TZ: "Asia/Tokyo" } })).toMatchObject({
			status: 0,
		});
		expect(Buffer.compare(readFileSync(join(again, file(name))), layer(name))).toBe(0);
	}

	it("in another place: nodejs", () => buildElsewhere("nodejs"));
	itWithNode("in another place: x64", () => buildElsewhere("x64"));
	itWithNode("in another place: arm64", () => buildElsewhere("arm64"));
});

describe("the launcher", () => {
	const FUNCTION_ENV = {
		NODE_OPTIONS: "--require ./instrumentation",
		NODE_DEBUG: "http",
		NODE_COMPILE_CACHE: "/tmp/cache",
		NODE_V8_COVERAGE: "/tmp/coverage",
		NODE_TLS_REJECT_UNAUTHORIZED: "0",
		NODE_REDIRECT_WARNINGS: "/tmp/warnings",
		NODE_REPL_EXTERNAL_MODULE: "./instrumentation",
		NODE_USE_ENV_PROXY: "1",
		NODE_EXTRA_CA_CERTS: "/var/runtime/ca-cert.pem",
	};
	const names = Object.keys(FUNCTION_ENV).map((name) => `\${${name}+ ${name}}`);
	/** Prints which of the function's variables have reached it, and its arguments. */
	const REPORT = `printf '%s\\n' "variables:${names.join("")}" "$@"`;

	/** An unpacked layer of the test's own; its path has a space in it. */
	function layerFolder(): string {
		const folder = join(temporaryFolder(), "some where");
		unpackZip(layer("nodejs"), folder);
		return folder;
	}

	async function launched(launcher: string, surroundings: { PATH: string; cwd?: string }): Promise<string[]> {
		const { PATH, cwd = "/" } = surroundings;
		const ended = await runProgram(launcher, [], { cwd, env: { ...FUNCTION_ENV, PATH } });
		expect(ended).toMatchObject({ status: 0, stderr: "" });
		return ended.stdout.trimEnd().split("\n");
	}

	it("starts the layer's binary without the function's own settings for Node.js", async () => {
		const folder = layerFolder();
		shellProgram(join(folder, "clef-agent", "clef-agent"), REPORT);
		shellProgram(join(folder, "bin", "node"), "echo the wrong one");
		const said = await launched(join(folder, "extensions", "clef-agent"), {
			PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
		});
		expect(said).toEqual(["variables: NODE_EXTRA_CA_CERTS", "lambda", "--name", "clef-agent"]);
	});

	it("takes the name it was given, from wherever it is started", async () => {
		const folder = layerFolder();
		const extensions = join(folder, "extensions");
		shellProgram(join(folder, "bin", "node"), REPORT);
		writeFileSync(join(extensions, "secrets"), readFileSync(join(extensions, "clef-agent")), { mode: 0o755 });
		for (const [launcher, cwd] of [
			["./secrets", extensions],
			["extensions/secrets", folder],
			["../extensions/secrets", join(folder, "clef-agent")],
		] as const) {
			const said = await launched(launcher, { PATH: join(folder, "bin"), cwd });
			expect(said.slice(-3)).toEqual(["lambda", "--name", "secrets"]);
			expect(existsSync(join(cwd, said[1] ?? "missing"))).toBe(true);
		}
		shellProgram(join(folder, "clef-agent", "clef-agent"), REPORT);
		const binary = await launched("extensions/secrets", { PATH: "/nowhere", cwd: folder });
		expect(binary.slice(1)).toEqual(["lambda", "--name", "secrets"]);
	});

	it("says its own name when the shell reads it from the folder it is in", async () => {
		const folder = layerFolder();
		shellProgram(join(folder, "clef-agent", "clef-agent"), REPORT);
		const cwd = join(folder, "extensions");
		const ended = await runProgram("sh", ["clef-agent"], { cwd });
		expect(ended.stdout.trimEnd().split("\n").slice(-3)).toEqual(["lambda", "--name", "clef-agent"]);
	});

	it("starts the function's Node.js where the layer brings none, with nothing an old one would refuse", async () => {
		const folder = layerFolder();
		shellProgram(join(folder, "bin", "node"), REPORT);
		const said = await launched(join(folder, "extensions", "clef-agent"), {
			PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
		});
		expect(said).toEqual([
			"variables: NODE_EXTRA_CA_CERTS",
			`${folder}/extensions/../clef-agent/dist/clef-agent.js`,
			"lambda",
			"--name",
			"clef-agent",
		]);
	});

	it("says in one line of JSON which layer to use where there is no Node.js at all", async () => {
		const launcher = join(unpacked, "nodejs", "extensions", "clef-agent");
		const ended = await runProgram(launcher, [], { env: { PATH: "/nowhere" } });
		expect(ended).toMatchObject({ status: 1, stdout: "" });
		expect(ended.stderr.trimEnd().split("\n")).toHaveLength(1);
		expect(JSON.parse(ended.stderr)).toEqual({
			timestamp: expect.stringMatching(/^$|^\d{4}-\d\d-\d\dT[\d:]+Z$/),
			level: "ERROR",
			message: expect.stringContaining("use the layer clef-agent-lambda-x64 or clef-agent-lambda-arm64"),
			event: "lambda.failed",
			code: "LAMBDA_RUNTIME_MISSING",
		});
	});
});

itOnLinux(`the unpacked ${own} layer starts`, async () => {
	const folder = temporaryFolder();
	unpackZip(layer(own), folder);
	const { version } = JSON.parse(readFileSync(join(workspace, "apps/agent/package.json"), "utf8"));
	const ended = await runProgram(join(folder, "clef-agent", "clef-agent"), ["--version"]);
	expect(ended).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
});

describe("the extension in the layer", () => {
	/** Starts the unpacked layer's launcher as Lambda would. */
	const lives = (folder: string) =>
		extensionLives({ node: join(folder, "extensions", "clef-agent"), program: "" });

	it("nodejs: lives on the function's Node.js", () => lives(join(unpacked, "nodejs")));

	itOnLinux("lives as a binary", async () => {
		const folder = join(unpacked, `${own} that lives`);
		unpackZip(layer(own), folder);
		await lives(folder);
	});
});
