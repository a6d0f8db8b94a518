import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "../command.js";
import { inheritedNpm } from "../other-node.js";
import { type BlockType, readDeclarations } from "./declarations.js";

const cache = fileURLToPath(new URL("../../node_modules/.cache/clef-terraform/", import.meta.url));

/**
 * Terraform's providers say what their resources take only when they run. These packages hold the same as type
 * declarations; the first is 46 MB packed and 480 MB unpacked, so they are no dependencies: a few files are taken.
 */
const PACKAGES = [
	{
		name: "@cdktn/provider-aws",
		version: "25.7.0",
		folders: [
			"cloudwatch-log-group",
			"data-aws-iam-policy-document",
			"data-aws-partition",
			"iam-role",
			"iam-role-policy",
			"lambda-function",
			"lambda-layer-version",
		],
	},
	{ name: "@cdktn/provider-archive", version: "14.0.1", folders: ["data-archive-file"] },
] as const;

type Package = (typeof PACKAGES)[number];

/** What each `resource.TYPE` and `data.TYPE` takes and gives. */
export type Provider = ReadonlyMap<string, BlockType>;

/** The types the Terraform example uses, by way of the package registry the first time; or why there are none. */
export async function terraformProvider(): Promise<{ types: Provider } | { missing: string }> {
	const types = new Map<string, BlockType>();
	for (const one of PACKAGES) {
		const folder = join(cache, `${one.name.replace("/", "-")}-${one.version}`);
		const missing = existsSync(folder) ? undefined : await take(one, folder);
		if (missing !== undefined) return { missing };
		for (const part of one.folders) {
			const [declarations = "", code = ""] = files(part).map((path) =>
				readFileSync(join(folder, path), "utf8"),
			);
			const { name, type } = readDeclarations(declarations, code);
			types.set(`${part.startsWith("data-") ? "data" : "resource"}.${name}`, type);
		}
	}
	return { types };
}

function files(part: string): string[] {
	return [`package/lib/${part}/index.d.ts`, `package/lib/${part}/index.js`];
}

async function take(wanted: Package, folder: string): Promise<string | undefined> {
	const partial = `${folder}.${process.pid}.partial`;
	mkdirSync(partial, { recursive: true });
	try {
		// Offline has to be noticed soon: the default would be two more tries, and minutes.
		const options = ["--silent", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
		const packed = await runProgram("npm", ["pack", ...options, `${wanted.name}@${wanted.version}`], {
			cwd: partial,
			env: inheritedNpm(),
		});
		if (packed.status !== 0) return "the package registry is not reachable";
		const archive = packed.stdout.trim();
		const unpacked = await runProgram("tar", ["-xzf", archive, ...wanted.folders.flatMap(files)], {
			cwd: partial,
		});
		if (unpacked.status !== 0) return `${archive} holds other files: ${unpacked.stderr}`;
		rmSync(join(partial, archive));
		if (!existsSync(folder)) renameSync(partial, folder);
		return undefined;
	} finally {
		rmSync(partial, { recursive: true, force: true });
	}
}
