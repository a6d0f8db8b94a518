import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runProgram } from "../command.js";
import { type Installation, npmInstall } from "../npm-install.js";
import { itWith, part } from "../part.js";
import { files, firstUse, manifest, release, version } from "./release-stage.js";

const AGENT = `clef-sh-agent-${version}.tgz`;
const libraries = files(/\.tgz$/).filter((name) => name !== AGENT);
const installations: Installation[] = [];
let together: Promise<Installation> | undefined;

afterAll(() => {
	for (const { remove } of installations) remove();
});

async function installed(names: readonly string[]): Promise<Installation> {
	const paths = names.map((name) => join(release, name));
	const installation = await npmInstall(paths, process.execPath);
	if ("missing" in installation) throw new RangeError(`npm install: ${installation.missing}`);
	installations.push(installation);
	return installation;
}

/** The names by which a library is imported. */
function entryPoints(tarball: string): string[] {
	const [, name = ""] = /^clef-sh-(.*)-\d+\.\d+\.\d+\.tgz$/.exec(tarball) ?? [];
	const { exports } = manifest(name === "lambda-extension" ? `apps/${name}` : `packages/${name}`);
	const paths = Object.keys(exports).filter((path) => !path.endsWith(".json"));
	return paths.map((path) => `@clef-sh/${name}${path.slice(1)}`);
}

itWith(part("curl"))(`${AGENT}: npm install; keygen, pack, serve, curl, pack again`, async () => {
	const { folder } = await installed([AGENT]);
	const command = join(folder, "node_modules", ".bin", "clef-agent");
	const program = join(folder, "node_modules", "@clef-sh", "agent", "bin", "clef-agent.cjs");
	await firstUse({
		run: (args, surroundings) => runProgram(command, args, surroundings),
		startOptions: { program },
	});
});

it.each(libraries)("%s: npm install; every entry point loads", async (tarball) => {
	together ??= installed(libraries);
	const { folder } = await together;
	const names = entryPoints(tarball);
	expect(names).not.toEqual([]);
	const load = `for (const name of ${JSON.stringify(names)}) {
		if (Object.keys(await import(name)).length === 0) throw new TypeError(name + " exports nothing");
	}`;
	const ended = await runProgram(process.execPath, ["--input-type=module", "--eval", load], { cwd: folder });
	expect(ended).toEqual({ status: 0, stdout: "", stderr: "" });
});
