import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
// @boundaries-ignore what scripts are made of is tested here too
import { importGraph } from "../scripts/architecture/import-graph.js";
// @boundaries-ignore what scripts are made of is tested here too
import { architecturePicture } from "../scripts/architecture/picture.js";
import { workspace } from "./lambda-layer-stage.js";
import { temporaryFolder } from "./temporary-folder.js";

const published = readFileSync(join(workspace, "docs/images/architecture.svg"), "utf8");
const graph = importGraph(workspace);

function json(...path: readonly string[]) {
	return JSON.parse(readFileSync(join(workspace, ...path), "utf8"));
}

/** The names after `@clef-sh/` of what a package says it needs, without what only its tests do. */
function declared(folder: string): string[] {
	const { dependencies = {}, devDependencies = {} } = json(folder, "package.json");
	return Object.keys({ ...dependencies, ...devDependencies })
		.flatMap((name) => /^@clef-sh\/(.*)$/.exec(name)?.[1] ?? [])
		.filter((name) => name !== "testkit");
}

/** A copy of what the picture is made from. */
function sourcesCopy(): string {
	const copy = temporaryFolder();
	const left = new Set(["node_modules", "dist", "test", "vectors", ".turbo", "coverage"]);
	for (const parent of ["packages", "apps"])
		cpSync(join(workspace, parent), join(copy, parent), {
			recursive: true,
			filter: (path) => !left.has(basename(path)),
		});
	for (const file of readdirSync(workspace).filter((name) => /^tsconfig.*\.json$/.test(name)))
		cpSync(join(workspace, file), join(copy, file));
	return copy;
}

describe("the picture of the architecture", () => {
	it("is the published one, wherever it is drawn", () => {
		expect(architecturePicture(importGraph(sourcesCopy()))).toBe(published);
	});

	it("shows every package, and all that it imports", () => {
		for (const { folder, name, imports } of graph) {
			const [, card = ""] =
				new RegExp(`<g id="${folder.replace("/", "-")}">([\\s\\S]*?)</g>`).exec(published) ?? [];
			expect(card).toContain(`>${name}</text>`);
			const words = card.replaceAll(/<\/text>\s*<text[^>]*>/g, " ");
			const also = /also imports ([\w-]+(?:, [\w-]+)*)/.exec(words)?.[1]?.split(", ") ?? [];
			const drawn = [...published.matchAll(/<title>(\S+) imports (\S+)<\/title>/g)]
				.filter(([, from]) => from === folder)
				.map(([, , to = ""]) => basename(to));
			expect([...drawn, ...also].toSorted()).toEqual(imports.map((other) => basename(other)).toSorted());
		}
	});

	it("agrees with what packages declare, and with the arrows that the layer check allows", () => {
		const { tags } = json("turbo.json").boundaries;
		for (const { folder, name, imports } of graph) {
			const names = imports.map((other) => graph.find((one) => one.folder === other)?.name);
			expect({ name, names: names.toSorted() }).toEqual({ name, names: declared(folder).toSorted() });
			const [tag = ""] = json(folder, "turbo.json").tags;
			expect(tags[tag].dependencies.allow).toEqual(expect.arrayContaining(names));
		}
	});

	it("is another one with each kind of import, and the same with what is not ours", () => {
		const copy = sourcesCopy();
		const plant = (folder: string, code: string) =>
			writeFileSync(join(copy, folder, "src", "planted.ts"), `${code}\n`);
		plant("packages/artifact", 'import "node:fs";\nimport "hono";\n// import "@clef-sh/cache";');
		expect(architecturePicture(importGraph(copy))).toBe(published);
		plant(
			"packages/client",
			[
				'import "@clef-sh/sources";',
				'import type { SnapshotCache } from "@clef-sh/cache";',
				'export const late = () => import("@clef-sh/decryptors");',
				'export { packArtifact } from "@clef-sh/pack";',
				'export type Config = import("@clef-sh/telemetry").Telemetry;',
			].join("\n"),
		);
		plant("packages/router", 'import "@clef-sh/cache";');
		plant("packages/sources", 'import "@clef-sh/client/nested/entry";');
		const changed = importGraph(copy);
		const added = changed.map(({ folder, imports }, index) => [
			folder,
			imports.filter((other) => !graph[index]?.imports.includes(other)),
		]);
		expect(Object.fromEntries(added.filter(([, imports = []]) => imports.length > 0))).toEqual({
			"packages/client": ["cache", "decryptors", "pack", "sources", "telemetry"].map(
				(one) => `packages/${one}`,
			),
			"packages/router": ["packages/cache"],
			"packages/sources": ["packages/client"],
		});
	});

	it("shows an import that was planted", () => {
		const changed = graph.map((one) =>
			one.folder === "packages/pack" ? { ...one, imports: [...one.imports, "packages/sources"] } : one,
		);
		expect(architecturePicture(changed)).toContain("packages/pack imports packages/sources");
		expect(published).not.toContain("packages/pack imports packages/sources");
	});
});
