import { isList, isObject, type Json, type JsonObject } from "../json.js";
import { at, objectsAt } from "./manifests.js";

type Check = readonly [path: string, isAllowed: (value: Json | undefined) => boolean];

const absentOr =
	(...values: readonly Json[]) =>
	(value: Json | undefined): boolean =>
		value === undefined || values.some((one) => one === value);
const absent = absentOr();
const isNot =
	(unwanted: Json) =>
	(value: Json | undefined): boolean =>
		value !== unwanted;

const SECCOMP = ["RuntimeDefault", "Localhost"] as const;
const SELINUX = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"] as const;
const SYSCTLS = [
	"kernel.shm_rmid_forced",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ping_group_range",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_wmem",
];
const VOLUMES = [
	"configMap",
	"csi",
	"downwardAPI",
	"emptyDir",
	"ephemeral",
	"persistentVolumeClaim",
	"projected",
	"secret",
];

/** The Pod Security Standards, profile restricted: what they ask of the pod itself. */
const OF_THE_POD: readonly Check[] = [
	["hostNetwork", absentOr(false)],
	["hostPID", absentOr(false)],
	["hostIPC", absentOr(false)],
	["securityContext.windowsOptions.hostProcess", absentOr(false)],
	["securityContext.runAsUser", isNot(0)],
	["securityContext.seLinuxOptions.user", absentOr("")],
	["securityContext.seLinuxOptions.role", absentOr("")],
	["securityContext.seLinuxOptions.type", absentOr(...SELINUX)],
	["securityContext.appArmorProfile.type", absentOr(...SECCOMP)],
	["securityContext.seccompProfile.type", absentOr(...SECCOMP)],
	["securityContext.runAsNonRoot", absentOr(true)],
];

/** What they ask of each container. */
const OF_A_CONTAINER: readonly Check[] = [
	["securityContext.privileged", absentOr(false)],
	["securityContext.windowsOptions.hostProcess", absentOr(false)],
	["securityContext.allowPrivilegeEscalation", (value) => value === false],
	["securityContext.capabilities.drop", (value) => isList(value) && value.includes("ALL")],
	[
		"securityContext.capabilities.add",
		(value) => value === undefined || (isList(value) && value.every((one) => one === "NET_BIND_SERVICE")),
	],
	["securityContext.procMount", absentOr("Default")],
	["securityContext.runAsUser", isNot(0)],
	["securityContext.seLinuxOptions.user", absentOr("")],
	["securityContext.seLinuxOptions.role", absentOr("")],
	["securityContext.seLinuxOptions.type", absentOr(...SELINUX)],
	["securityContext.appArmorProfile.type", absentOr(...SECCOMP)],
	["startupProbe.httpGet.host", absent],
	["startupProbe.tcpSocket.host", absent],
	["readinessProbe.httpGet.host", absent],
	["readinessProbe.tcpSocket.host", absent],
	["livenessProbe.httpGet.host", absent],
	["livenessProbe.tcpSocket.host", absent],
	["lifecycle.preStop.httpGet.host", absent],
	["lifecycle.preStop.tcpSocket.host", absent],
	["lifecycle.postStart.httpGet.host", absent],
	["lifecycle.postStart.tcpSocket.host", absent],
];

/** What they ask of each container, where the pod may have answered for all of them. */
const OF_EITHER: readonly Check[] = [
	["securityContext.runAsNonRoot", (value) => value === true],
	["securityContext.seccompProfile.type", (value) => SECCOMP.some((one) => one === value)],
];

/** What the profile restricted of the Pod Security Standards would refuse of a pod. */
export function restrictedProblems(spec: JsonObject): string[] {
	const containers = ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
		objectsAt(spec, list),
	);
	return [
		...failing(OF_THE_POD, spec, "pod"),
		...objectsAt(spec, "securityContext.sysctls")
			.filter(({ name }) => !SYSCTLS.some((one) => one === name))
			.map(({ name }) => `pod: sysctl ${name}`),
		...objectsAt(spec, "volumes").flatMap(volumeProblems),
		...containers.flatMap((container) => containerProblems(spec, container)),
	];
}

function failing(checks: readonly Check[], value: JsonObject, name: string): string[] {
	return checks
		.filter(([path, isAllowed]) => !isAllowed(at(value, path)))
		.map(([path]) => `${name}: ${path}`);
}

function volumeProblems(volume: JsonObject): string[] {
	const kinds = Object.keys(volume).filter((key) => key !== "name");
	const unwanted = kinds.filter((kind) => !VOLUMES.includes(kind));
	return unwanted.map((kind) => `volume ${volume.name}: ${kind}`);
}

function containerProblems(spec: JsonObject, container: JsonObject): string[] {
	const name = `container ${container.name}`;
	const inherited = OF_EITHER.filter(
		([path, isAllowed]) => !isAllowed(at(container, path) ?? at(spec, path)),
	);
	const ports = objectsAt(container, "ports").filter(({ hostPort }) => !absentOr(0)(hostPort));
	return [
		...failing(OF_A_CONTAINER, container, name),
		...inherited.map(([path]) => `${name}: ${path}`),
		...ports.map(({ hostPort }) => `${name}: hostPort ${hostPort}`),
		...(isObject(container.securityContext) ? [] : [`${name}: no securityContext`]),
	];
}
