import { dirname } from "node:path";
import { ENVIRONMENT_VARIABLES } from "@clef-sh/core/env";
import { isObject, type Json, type JsonObject } from "../json.js";
import { agentContainer, agentEnvironment, at, objectsAt, podSpec } from "./manifests.js";

/** `clef-agent health` gives up after so many seconds; a probe that is cut off earlier does not say why it failed. */
const HEALTH_SECONDS = 2;
/** The agent has ended after so many seconds at most. */
const STOP_SECONDS = 5;

/** What would keep the agent from working, or from keeping its secrets, in the pod that the objects ask for. */
export function sidecarProblems(objects: readonly JsonObject[]): string[] {
	const spec = podSpec(objects);
	const agent = agentContainer(spec);
	const env = agentEnvironment(objects);
	return [
		...placeProblems(spec, agent),
		...probeProblems(agent),
		...podProblems(spec),
		...mountProblems(spec),
		...tokenProblems(spec, agent, env),
		...fileProblems(spec, agent, env),
		...resourceProblems(agent),
		...objectProblems(objects, spec),
	];
}

function unless(holds: boolean, problem: string): string[] {
	return holds ? [] : [problem];
}

function placeProblems(spec: JsonObject, agent: JsonObject): string[] {
	return [
		...unless(agent.restartPolicy === "Always", "the agent is no sidecar"),
		...unless(
			at(spec, "initContainers.0.name") === "clef-agent",
			"another container starts before the agent",
		),
		...unless(agent.command === undefined && agent.args === undefined, "the image's own command is replaced"),
		...unless(agent.ports === undefined, "the agent listens on loopback only and has no ports"),
		...unless(agent.lifecycle === undefined, "the agent ends after the application without a hook"),
		...unless(
			/^ghcr\.io\/clef-sh\/agent:\d+\.\d+\.\d+$/.test(String(agent.image)),
			"no version of the image",
		),
	];
}

function probeProblems(agent: JsonObject): string[] {
	const commands = {
		startupProbe: ["/clef-agent", "health"],
		readinessProbe: ["/clef-agent", "health"],
		livenessProbe: ["/clef-agent", "health", "--live"],
	};
	const each = Object.entries(commands).flatMap(([name, command]) => {
		const probe = at(agent, name);
		const isAsked = JSON.stringify(at(probe, "exec.command")) === JSON.stringify(command);
		return [
			...unless(isAsked, `${name}: not ${command.join(" ")}`),
			...unless(Number(at(probe, "timeoutSeconds")) > HEALTH_SECONDS, `${name}: cut off too early`),
		];
	});
	const { periodSeconds, failureThreshold } = isObject(agent.startupProbe) ? agent.startupProbe : {};
	const patience = Number(periodSeconds) * Number(failureThreshold);
	return [...each, ...unless(patience >= 60, "startupProbe: gives up within a minute")];
}

function podProblems(spec: JsonObject): string[] {
	const containers = [...objectsAt(spec, "initContainers"), ...objectsAt(spec, "containers")];
	const users = containers.filter(
		(one) =>
			at(one, "securityContext.runAsUser") !== undefined ||
			at(one, "securityContext.runAsGroup") !== undefined,
	);
	const writable = containers.filter((one) => at(one, "securityContext.readOnlyRootFilesystem") !== true);
	const user = at(spec, "securityContext.runAsUser");
	const isGiven = objectsAt(spec, "volumes").some(
		(one) => one.name === "clef-agent-token" && "secret" in one,
	);
	return [
		...unless(typeof user === "number" && user > 0, "the pod has no user"),
		...unless(at(spec, "securityContext.fsGroup") === user, "the pod's volumes are not its group's"),
		...(isGiven ? [] : users).map(({ name }) => `${name}: another user could not read the token`),
		...writable.map(({ name }) => `${name}: may write to its image`),
		...unless(spec.shareProcessNamespace !== true, "the application could look into the agent's memory"),
		...unless(spec.enableServiceLinks === false, "service links would reach the agent"),
		...unless(spec.automountServiceAccountToken === false, "the pod has a token for the cluster"),
		...unless(
			Number(spec.terminationGracePeriodSeconds) >= 2 * STOP_SECONDS,
			"too little time to end after the application",
		),
	];
}

function mountProblems(spec: JsonObject): string[] {
	const volumes = objectsAt(spec, "volumes").map(({ name }) => name);
	const mounts = ["initContainers", "containers"].flatMap((list) =>
		objectsAt(spec, list).flatMap((one) => objectsAt(one, "volumeMounts")),
	);
	const unknown = mounts.filter(({ name }) => !volumes.some((one) => one === name));
	const unused = volumes.filter((name) => !mounts.some((mount) => mount.name === name));
	return [
		...unknown.map(({ name }) => `there is no volume ${name}`),
		...unused.map((name) => `nothing mounts the volume ${name}`),
		...mounts.filter((one) => "subPath" in one).map(({ name }) => `${name}: a single file never changes`),
	];
}

function mountOf(container: JsonObject, path: string): JsonObject | undefined {
	return objectsAt(container, "volumeMounts").find((mount) => path.startsWith(`${mount.mountPath}/`));
}

function volumeOf(spec: JsonObject, mount: JsonObject | undefined): Json | undefined {
	return objectsAt(spec, "volumes").find(({ name }) => name === mount?.name);
}

function tokenProblems(spec: JsonObject, agent: JsonObject, env: Record<string, string>): string[] {
	const path = env.CLEF_AGENT_TOKEN_FILE ?? "";
	const mount = mountOf(agent, path);
	const readers = objectsAt(spec, "containers").flatMap((one) =>
		objectsAt(one, "volumeMounts").filter(({ name }) => name === mount?.name),
	);
	const volume = volumeOf(spec, mount);
	return [
		...unless(mount?.mountPath === dirname(path), "the token lies in no volume of its own"),
		...(at(volume, "secret") === undefined
			? generatedTokenProblems(volume, mount)
			: secretProblems(spec, mount, "CLEF_AGENT_TOKEN_FILE")),
		...unless(readers.length > 0, "no container can read the token"),
		...unless(
			readers.every(({ readOnly }) => readOnly === true),
			"the application could replace the token",
		),
	];
}

function generatedTokenProblems(volume: Json | undefined, mount: JsonObject | undefined): string[] {
	return [
		...unless(mount?.readOnly !== true, "the agent cannot write the token"),
		...unless(at(volume, "emptyDir.medium") === "Memory", "the token would reach the disk"),
		...unless(at(volume, "emptyDir.sizeLimit") !== undefined, "the token's volume may take all memory"),
	];
}

function fileProblems(spec: JsonObject, agent: JsonObject, env: Record<string, string>): string[] {
	const literal = ENVIRONMENT_VARIABLES.filter(
		({ name, secret, fileAllowed }) => secret && fileAllowed && name !== "CLEF_AGENT_SOURCE" && name in env,
	);
	const files = Object.entries(env).filter(
		([name]) => name.startsWith("CLEF_AGENT_") && name.endsWith("_FILE") && name !== "CLEF_AGENT_TOKEN_FILE",
	);
	const others = objectsAt(spec, "containers").flatMap((one) => objectsAt(one, "volumeMounts"));
	const own = objectsAt(agent, "volumeMounts").filter(({ name }) => name !== "clef-agent-token");
	const shared = own.filter(({ name }) => others.some((mount) => mount.name === name));
	return [
		...literal.map(({ name }) => `${name}: a secret in plain sight`),
		...files.flatMap(([name, path]) => secretProblems(spec, mountOf(agent, path), name)),
		...shared.map(({ name }) => `${name}: is the agent's alone`),
		...cacheProblems(spec, agent, env.CLEF_AGENT_CACHE_PATH),
	];
}

function secretProblems(spec: JsonObject, mount: JsonObject | undefined, name: string): string[] {
	const secret = at(volumeOf(spec, mount), "secret");
	return [
		...unless(isObject(secret), `${name}: lies in no Secret`),
		...unless(mount?.readOnly === true, `${name}: could be written`),
		...unless(at(secret, "defaultMode") === 0o440, `${name}: not for the pod's group alone`),
	];
}

function cacheProblems(spec: JsonObject, agent: JsonObject, path: string | undefined): string[] {
	if (path === undefined) return [];
	const mount = mountOf(agent, `${path}/artifact`);
	const persists = at(volumeOf(spec, mount), "persistentVolumeClaim") !== undefined;
	const policy = at(spec, "securityContext.fsGroupChangePolicy");
	return [
		...unless(mount !== undefined, "the cache lies in no volume"),
		...unless(mount?.readOnly !== true, "the cache cannot be written"),
		...unless(!persists || policy === "OnRootMismatch", "the next mount would open the cache to the group"),
	];
}

function resourceProblems({ resources = null }: JsonObject): string[] {
	return [
		...unless(at(resources, "requests.cpu") !== undefined, "no CPU is asked for"),
		...unless(at(resources, "requests.memory") !== undefined, "no memory is asked for"),
		...unless(at(resources, "limits.memory") !== undefined, "memory has no limit"),
		...unless(at(resources, "limits.cpu") === undefined, "a throttled probe is a failed one"),
	];
}

function objectProblems(objects: readonly JsonObject[], spec: JsonObject): string[] {
	const named = (kind: string, name: Json | undefined) =>
		objects.some((one) => one.kind === kind && at(one, "metadata.name") === name);
	const account = spec.serviceAccountName;
	const claims = objectsAt(spec, "volumes").flatMap(
		(one) => at(one, "persistentVolumeClaim.claimName") ?? [],
	);
	const workload = objects.find((one) => at(one, "spec.template.spec") === spec);
	const isOne = at(workload, "spec.replicas") === 1 && at(workload, "spec.strategy.type") === "Recreate";
	const selectors = objects.flatMap((one) => [
		at(one, "spec.selector.matchLabels") ?? [],
		at(one, "spec.podSelector.matchLabels") ?? [],
	]);
	const labels = at(workload, "spec.template.metadata.labels");
	const missed = selectors.flat().flatMap((one) => Object.entries(isObject(one) ? one : {}));
	return [
		...unless(account === undefined || named("ServiceAccount", account), `there is no account ${account}`),
		...claims
			.filter((name) => !named("PersistentVolumeClaim", name))
			.map((name) => `there is no claim ${name}`),
		...unless(claims.length === 0 || isOne, "one volume cannot be two pods'"),
		...missed
			.filter(
				([name, value]) =>
					at({ labels: labels ?? null }, "labels") === undefined || !hasLabel(labels, name, value),
			)
			.map(([name]) => `${name}: selects other pods`),
	];
}

function hasLabel(labels: Json | undefined, name: string, value: Json): boolean {
	return isObject(labels) && labels[name] === value;
}
