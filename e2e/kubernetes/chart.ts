import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, runProgram } from "../command.js";
import { isList, isObject, type Json, type JsonObject, planted } from "../json.js";
import { temporaryFolder } from "../temporary-folder.js";
import { deployFolder, documents, type Mistake } from "./manifests.js";
import type { KubernetesTools } from "./tools.js";

/** The example chart with the library chart in it, in a folder of its own, as `helm dependency build` leaves it. */
export class ExampleChart {
	readonly #folder: string;
	readonly #helm: string;

	private constructor(folder: string, helm: string) {
		this.#folder = folder;
		this.#helm = helm;
	}

	/** Copies both charts, with a mistake if given, and packs the one into the other. */
	static async build({ helm }: KubernetesTools, mistake?: Mistake): Promise<ExampleChart> {
		const folder = join(temporaryFolder(), "helm");
		cpSync(join(deployFolder, "helm"), folder, { recursive: true });
		if (mistake !== undefined) {
			const path = join(folder, mistake.file);
			writeFileSync(path, planted(readFileSync(path, "utf8"), mistake.from, mistake.to));
		}
		const chart = new ExampleChart(folder, helm);
		const { status, stderr } = await chart.run(["dependency", "build", "example"]);
		if (status !== 0) throw new RangeError(`helm: ${stderr}`);
		return chart;
	}

	/** What the chart asks for as a release of this name. */
	async objects(release: string, values: JsonObject): Promise<readonly JsonObject[]> {
		const path = join(this.#folder, "values.json");
		writeFileSync(path, JSON.stringify(values));
		const { status, stdout, stderr } = await this.run(["template", release, "example", "--values", path]);
		if (status !== 0) throw new RangeError(`helm: ${stderr}`);
		return documents(stdout);
	}

	/** Runs Helm beside the charts, with no home but the folder's. */
	run(args: readonly string[]): Promise<Ended> {
		const home = join(this.#folder, "home");
		mkdirSync(home, { recursive: true });
		return runProgram(this.#helm, args, { cwd: this.#folder, env: { HOME: home } });
	}
}

/** The name of the ConfigMap: a hash of it in kustomize, of the release in Helm. */
const CONFIG_MAP = /^(?:[a-z]+-clef-agent|clef-agent-[a-z0-9]{10})$/;

/**
 * The workload, its account and its settings without what is kustomize's or Helm's own: the ConfigMap's name, how pods
 * come to be renewed, the label that asks for the agent, and the order of lists whose items have names.
 */
export function comparable(objects: readonly JsonObject[]): Json {
	const kinds = ["Deployment", "Job", "ServiceAccount", "ConfigMap"];
	return byName(
		objects.filter(({ kind }) => kinds.includes(String(kind))).map((one) => stripped(one)),
		"kind",
	);
}

function stripped(value: Json, key?: string): Json {
	if (isList(value)) {
		const items = value.map((item) => stripped(item));
		// The order of containers says in which they start.
		return key === "initContainers" ? items : byName(items, "name");
	}
	if (typeof value === "string") return key === "name" && CONFIG_MAP.test(value) ? "clef-agent" : value;
	if (!isObject(value)) return value;
	const kept = Object.entries(value)
		.filter(([name]) => name !== "checksum/clef-agent" && name !== "clef-agent")
		.map(([name, inner]): [string, Json] => [name, stripped(inner, name)]);
	return Object.fromEntries(kept.filter(([, inner]) => !isObject(inner) || Object.keys(inner).length > 0));
}

function byName(items: readonly Json[], name: string): Json {
	const nameOf = (item: Json) => (isObject(item) ? String(item[name]) : "");
	return [...items].sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
}
