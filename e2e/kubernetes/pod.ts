import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { AgentProcess } from "../agent-process.js";
import { type Ended, runProgram } from "../command.js";
import { eventually } from "../eventually.js";
import type { JsonObject } from "../json.js";
import type { Part } from "../part.js";
import { temporaryFolder } from "../temporary-folder.js";
import { agentContainer, agentEnvironment, at, objectsAt, podSpec } from "./manifests.js";

const application = fileURLToPath(new URL("../../apps/agent/", import.meta.url));
/** Where the pod finds the agent and Node, whoever may read the folders that they really lie in. */
const IMAGE = "/run/image";

/** What it takes to imitate a pod: Linux' namespaces, and the right to make them. */
export const namespaces: Part = {
	name: "root and its namespaces",
	present: spawnSync("unshare", ["--mount", "--net", "true"]).status === 0,
	missing: "unshare is refused",
};

/** How a container of the pod is entered. */
interface Entry {
	/** The user in place of the pod's. */
	readonly uid?: number;
}

/**
 * A pod as its manifest asks for it, imitated by real processes: a network of its own with nothing but loopback, a
 * root that is read-only, the agent's volumes as the kubelet makes them, and the pod's user without any privilege.
 */
export class Pod {
	/** Where the agent finds its artifact, seen from outside. */
	readonly artifact: string;
	readonly #pid: number;
	readonly #objects: readonly JsonObject[];

	private constructor(pid: number, objects: readonly JsonObject[], folder: string) {
		this.#pid = pid;
		this.#objects = objects;
		this.artifact = join(folder, "artifact.json");
	}

	/** Makes the pod's network and volumes. `secrets` is what the files of each Secret hold. */
	static async start(
		objects: readonly JsonObject[],
		secrets: Readonly<Record<string, string>>,
	): Promise<Pod> {
		const folder = join(temporaryFolder(), "source");
		mkdirSync(folder, { mode: 0o755 });
		const unshared = ["--mount", "--net", "--propagation", "private", "sh", "-ec", script(objects, folder)];
		const holder = spawn("unshare", unshared, { env: { ...process.env, ...secrets } });
		onTestFinished(() => {
			holder.kill("SIGKILL");
		});
		const said = text(holder.stderr);
		const isReady = new Promise((resolve) => holder.stdout.once("data", resolve));
		const failed = said.then((problem) => {
			throw new RangeError(`no pod: ${problem}`);
		});
		await Promise.race([isReady, failed]);
		failed.catch(() => {
			// Ended with the test.
		});
		return new Pod(holder.pid ?? 0, objects, folder);
	}

	/** The environment that the manifest gives the agent, but for the artifact's place. */
	get environment(): Record<string, string> {
		return { ...agentEnvironment(this.#objects), CLEF_AGENT_SOURCE: "/run/source/artifact.json" };
	}

	/** Starts the agent's container. */
	async agent(env: Readonly<Record<string, string>> = {}, entry: Entry = {}): Promise<AgentProcess> {
		const [node = "", ...nodeArgs] = [...this.#entering(entry), `${IMAGE}/node`];
		// Once in the pod; the helper's free port would be one of this machine.
		const environment = { CLEF_AGENT_PORT: "7779", ...this.environment, ...env };
		return AgentProcess.spawn(environment, {
			node,
			nodeArgs,
			program: `${IMAGE}/agent/dist/clef-agent.js`,
			withoutToken: true,
			withoutAgeKey: true,
		});
	}

	/** Runs a probe of the agent, in its container and environment, as the kubelet does. */
	probe(
		name: "startupProbe" | "readinessProbe" | "livenessProbe",
		env: Record<string, string> = {},
	): Promise<Ended> {
		const [program, ...args] = stringsAt(agentContainer(podSpec(this.#objects)), `${name}.exec.command`);
		if (program !== "/clef-agent") throw new RangeError(`The image has no ${program}.`);
		const command = [`${IMAGE}/node`, `${IMAGE}/agent/dist/clef-agent.js`, ...args];
		return this.#run([...this.#entering({}), ...command], { ...this.environment, ...env });
	}

	/** Waits until a probe succeeds. */
	async succeeds(name: "startupProbe" | "readinessProbe" | "livenessProbe"): Promise<void> {
		await eventually(name, async () => (await this.probe(name)).status === 0);
	}

	/** Runs a program of JavaScript in the application's container, which has the mounts the manifest gives it. */
	application(code: string, entry: Entry = {}): Promise<Ended> {
		const spec = podSpec(this.#objects);
		const own = objectsAt(spec, "containers.0.volumeMounts");
		const mounts = objectsAt(agentContainer(spec), "volumeMounts").map(({ name, mountPath }) => {
			const mount = own.find((one) => one.name === name);
			if (mount === undefined) return `umount ${mountPath}`;
			return mount.readOnly === true ? `mount -o remount,bind,ro ${mountPath}` : ":";
		});
		const user = at(spec, "containers.0.securityContext.runAsUser");
		const itsUser = typeof user === "number" ? { uid: user } : {};
		const [nsenter = "", ...entering] = this.#entering({ ...itsUser, ...entry });
		const cut = entering.indexOf("setpriv");
		const isolated = ["unshare", "--mount", "--propagation", "private", "sh", "-ec"];
		const shell = [...isolated, `${mounts.join("\n")}\nexec "$@"`, "sh", ...entering.slice(cut)];
		return this.#run(
			[nsenter, ...entering.slice(0, cut), ...shell, `${IMAGE}/node`, "--input-type=module", "-e", code],
			{},
		);
	}

	/** Runs JavaScript with `fs` in the agent's container. */
	inAgent(code: string): Promise<Ended> {
		const command = [`${IMAGE}/node`, "--input-type=module", "-e", `import fs from "node:fs";${code}`];
		return this.#run([...this.#entering({}), ...command], {});
	}

	#run([program = "", ...args]: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
		return runProgram(program, args, { env });
	}

	#entering({ uid }: Entry): string[] {
		const context = at(podSpec(this.#objects), "securityContext");
		const group = at(context, "fsGroup");
		const groups = group === undefined ? "--clear-groups" : `--groups=${group}`;
		const privileges = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
		const user = [
			`--reuid=${uid ?? at(context, "runAsUser")}`,
			`--regid=${uid ?? at(context, "runAsGroup")}`,
		];
		return [
			...["nsenter", `--target=${this.#pid}`, "--mount", "--net"],
			...["setpriv", ...privileges, ...user, groups],
		];
	}
}

function stringsAt(value: JsonObject, path: string): string[] {
	const found = at(value, path);
	return Array.isArray(found) ? found.map(String) : [];
}

/** Ends with a line of output once everything is there, and then waits. */
function script(objects: readonly JsonObject[], source: string): string {
	const spec = podSpec(objects);
	const group = at(spec, "securityContext.fsGroup") ?? 0;
	const mounts = objectsAt(agentContainer(spec), "volumeMounts");
	return [
		"ip link set lo up",
		"mount -t tmpfs -o mode=755 run /run",
		"mount -t tmpfs -o mode=755 cache /var/cache",
		`mkdir -p ${IMAGE}/agent /run/source`,
		`: > ${IMAGE}/node`,
		`mount --bind ${process.execPath} ${IMAGE}/node`,
		`mount --bind ${application} ${IMAGE}/agent`,
		`mount --bind ${source} /run/source`,
		...mounts.flatMap((mount) => volume(spec, mount, Number(group))),
		"mount -o remount,bind,ro /",
		"echo ready",
		"exec sleep infinity",
	].join("\n");
}

/** A volume as the kubelet makes it: for everyone, or a Secret's files for root and the pod's group. */
function volume(spec: JsonObject, { name, mountPath }: JsonObject, group: number): string[] {
	const found = objectsAt(spec, "volumes").find((one) => one.name === name);
	const mode = Number(at(found, "secret.defaultMode") ?? 0).toString(8);
	const files = objectsAt(found, "secret.items").flatMap(({ key, path }) => {
		const file = `${mountPath}/${path}`;
		const variable = String(key).replace(/\W/g, "_");
		return [`printf %s "$${variable}" > ${file}`, `chgrp ${group} ${file}`, `chmod ${mode} ${file}`];
	});
	return [
		`mkdir -p ${mountPath}`,
		`mount -t tmpfs -o mode=2777,gid=${group} ${name} ${mountPath}`,
		...files,
		...(files.length > 0 ? [`mount -o remount,bind,ro ${mountPath}`] : []),
	];
}
