import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { parseAllDocuments } from "yaml";
import { runProgram } from "../command.js";
import { isList, isObject, type Json, type JsonObject, planted } from "../json.js";
import { temporaryFolder } from "../temporary-folder.js";
import type { KubernetesTools } from "./tools.js";

/** `deploy/`, where the manifests and the chart lie. */
export const deployFolder: string = fileURLToPath(new URL("../../deploy/", import.meta.url));

/** What the overlays hold in the place of the signer's public key. */
export const KEY_TO_REPLACE = "REPLACE-WITH-THE-PUBLIC-KEY-OF-YOUR-SIGNER";

/** The overlays, each of which can be applied as it is once it holds one's own names. */
export const OVERLAYS: readonly string[] = readdirSync(join(deployFolder, "kubernetes/overlays")).sort();

/** A place in a file of `deploy/kubernetes/` and the mistake to put there. */
export interface Mistake {
	readonly file: string;
	readonly from: string;
	readonly to: string;
}

/** Rendered once by each file of tests. */
const rendered = new Map<string, Promise<readonly JsonObject[]>>();

/** What kustomize makes of a folder of `deploy/kubernetes/`, or of a copy with a mistake in it. */
export function kustomized(
	tools: KubernetesTools,
	path: string,
	mistake?: Mistake,
): Promise<readonly JsonObject[]> {
	if (mistake !== undefined) return kustomizedFolder(tools, join(copyWith(mistake), path));
	const known = rendered.get(path) ?? kustomizedFolder(tools, join(deployFolder, "kubernetes", path));
	rendered.set(path, known);
	return known;
}

/** What kustomize makes of any folder. */
export async function kustomizedFolder(
	{ kubectl }: KubernetesTools,
	folder: string,
): Promise<readonly JsonObject[]> {
	const { status, stdout, stderr } = await runProgram(kubectl, ["kustomize", folder]);
	if (status !== 0 || stderr !== "") throw new RangeError(`kustomize: ${stderr}`);
	return documents(stdout);
}

/** What YAML's documents hold. */
export function documents(text: string): readonly JsonObject[] {
	return parseAllDocuments(text).map((document): JsonObject => {
		const [error] = document.errors;
		if (error !== undefined) throw new RangeError(error.message);
		const value: Json = document.toJS();
		if (!isObject(value)) throw new RangeError(`${value} is no object.`);
		return value;
	});
}

function copyWith({ file, from, to }: Mistake): string {
	const copy = join(temporaryFolder(), "kubernetes");
	cpSync(join(deployFolder, "kubernetes"), copy, { recursive: true });
	const path = join(copy, file);
	writeFileSync(path, planted(readFileSync(path, "utf8"), from, to));
	return copy;
}

/** The value at a path of names and indexes such as `spec.containers.0`; undefined where there is none. */
export function at(value: Json | undefined, path: string): Json | undefined {
	return path.split(".").reduce<Json | undefined>((inner, name) => {
		if (isList(inner)) return inner[Number(name)];
		return isObject(inner) ? inner[name] : undefined;
	}, value);
}

/** A list of mappings; an empty one where there is none. */
export function objectsAt(value: Json | undefined, path: string): readonly JsonObject[] {
	const found = at(value, path);
	return isList(found) ? found.filter(isObject) : [];
}

/** What says how the pods are to be, of each workload among the objects. */
export function podSpecs(objects: readonly JsonObject[]): readonly JsonObject[] {
	return objects.map((object) => at(object, "spec.template.spec")).filter(isObject);
}

/** The one pod that the objects ask for. */
export function podSpec(objects: readonly JsonObject[]): JsonObject {
	const [spec, ...more] = podSpecs(objects);
	if (spec === undefined || more.length > 0) throw new RangeError("The objects ask for one pod.");
	return spec;
}

/** The agent's container. */
export function agentContainer(spec: JsonObject): JsonObject {
	const found = objectsAt(spec, "initContainers").find(({ name }) => name === "clef-agent");
	if (found === undefined) throw new RangeError("The pod has no agent.");
	return found;
}

/** The environment that the kubelet would give the agent, with a signer's key in it. */
export function agentEnvironment(objects: readonly JsonObject[]): Record<string, string> {
	const container = agentContainer(podSpec(objects));
	const fromMaps = objectsAt(container, "envFrom").flatMap((from) => {
		const name = at(from, "configMapRef.name");
		const map = objects.find((one) => one.kind === "ConfigMap" && at(one, "metadata.name") === name);
		const data = at(map, "data");
		if (!isObject(data)) throw new RangeError(`There is no ConfigMap ${name}.`);
		return Object.entries(data);
	});
	const own = objectsAt(container, "env").map(({ name, value }) => [String(name), value ?? null] as const);
	const all = [...fromMaps, ...own].map(([name, value]) => [name, String(value)]);
	return { ...Object.fromEntries(all), ...withKey(Object.fromEntries(all)) };
}

function withKey(env: Record<string, string>): Record<string, string> {
	if (env.CLEF_AGENT_VERIFY_KEY !== KEY_TO_REPLACE) return {};
	return { CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };
}
