import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Deployment } from "kubernetes-models/apps/v1";
import { Job } from "kubernetes-models/batch/v1";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { ConfigMap, PersistentVolumeClaim, ServiceAccount } from "kubernetes-models/v1";
import { runProgram } from "../command.js";
import { isList, isObject, type Json, type JsonObject } from "../json.js";
import type { KubernetesTools } from "./tools.js";

/** The kinds in use: the module with the type, and what checks a value of it. */
const KINDS: Readonly<Record<string, { module: string; check: (data: never) => { validate(): void } }>> = {
	"apps/v1 Deployment": { module: "apps/v1", check: (data) => new Deployment(data) },
	"batch/v1 Job": { module: "batch/v1", check: (data) => new Job(data) },
	"networking.k8s.io/v1 NetworkPolicy": {
		module: "networking.k8s.io/v1",
		check: (data) => new NetworkPolicy(data),
	},
	"v1 ConfigMap": { module: "v1", check: (data) => new ConfigMap(data) },
	"v1 PersistentVolumeClaim": { module: "v1", check: (data) => new PersistentVolumeClaim(data) },
	"v1 ServiceAccount": { module: "v1", check: (data) => new ServiceAccount(data) },
};

const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
/** The workspace's own compiler. */
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

/**
 * What the types of Kubernetes' API refuse of the objects, by name of the case: unknown fields, missing fields and
 * values of another type by the compiler, and what only a look at the value tells by the package's own validation.
 */
export async function typeProblems(
	cases: Readonly<Record<string, readonly JsonObject[]>>,
): Promise<Record<string, string[]>> {
	mkdirSync(join(modules, ".cache"), { recursive: true });
	const folder = mkdtempSync(join(modules, ".cache/clef-kubernetes-"));
	try {
		const names = Object.keys(cases);
		const files = names.map((name, index) => {
			const path = join(folder, `case${index}.ts`);
			writeFileSync(path, (cases[name] ?? []).map(declaration).join("\n"));
			return path;
		});
		const said = await compile(folder, files);
		return Object.fromEntries(
			names.map((name, index) => {
				const lines = said.filter((line) => line.startsWith(`case${index}.ts`));
				return [name, [...lines, ...(cases[name] ?? []).flatMap(valueProblems)]];
			}),
		);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

async function compile(folder: string, files: readonly string[]): Promise<string[]> {
	const options = ["--noEmit", "--strict", "--skipLibCheck", "--pretty", "false", "--ignoreConfig"];
	const target = ["--module", "nodenext", "--target", "es2022", "--types", ""];
	const ended = await runProgram(process.execPath, [tsc, ...options, ...target, ...files], { cwd: folder });
	const lines = ended.stdout.split("\n").filter(Boolean);
	// Whatever is said of no case is a mistake in how the compiler was called.
	const others = lines.filter((line) => !/^(case\d+\.ts|\s)/.test(line));
	if (others.length > 0 || ended.stderr !== "")
		throw new RangeError(`tsc: ${others.join("\n")}${ended.stderr}`);
	return lines;
}

function kindOf({ apiVersion, kind }: JsonObject) {
	return KINDS[`${apiVersion} ${kind}`];
}

function declaration(object: JsonObject, index: number): string {
	const known = kindOf(object);
	const type = known === undefined ? "never" : `import("kubernetes-models/${known.module}").I${object.kind}`;
	return `export const object${index}: ${type} = ${JSON.stringify(object, null, "\t")};`;
}

function valueProblems(object: JsonObject): string[] {
	try {
		kindOf(object)
			?.check(object as never)
			.validate();
		return [];
	} catch (error) {
		return [error instanceof Error ? error.message : String(error)];
	}
}

/**
 * What Kubernetes' own code loses of an object that asks for pods, or why it cannot read it at all: kubectl reads it
 * into the types of the API server and writes it again.
 */
export async function lostByKubernetes({ kubectl }: KubernetesTools, object: JsonObject): Promise<string[]> {
	const kind = String(object.kind).toLowerCase();
	const args = [
		"set",
		"serviceaccount",
		kind,
		"any",
		"api",
		"--local",
		"--dry-run=client",
		"-o",
		"json",
		"-f",
		"-",
	];
	const { status, stdout, stderr } = await runProgram(kubectl, args, { stdin: JSON.stringify(object) });
	if (status !== 0) return [stderr.trim()];
	return lost(object, JSON.parse(stdout), "").filter((path) => !path.endsWith(".serviceAccountName"));
}

function lost(before: Json, after: Json | undefined, path: string): string[] {
	if (isList(before)) {
		const items = isList(after) ? after : [];
		return before.flatMap((item, index) => lost(item, items[index], `${path}.${index}`));
	}
	if (!isObject(before)) return before === after ? [] : [path.slice(1)];
	const inner = isObject(after) ? after : undefined;
	if (inner === undefined && Object.keys(before).length > 0) return [path.slice(1)];
	return Object.entries(before).flatMap(([name, value]) => lost(value, inner?.[name], `${path}.${name}`));
}
