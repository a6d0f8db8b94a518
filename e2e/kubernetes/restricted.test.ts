import { describe, expect, it } from "vitest";
import { OVERLAYS, podSpec } from "./manifests.js";
import { restrictedProblems } from "./restricted.js";
import { itWithTools, withMistake } from "./stage.js";

describe("the restricted profile refuses", () => {
	const pod = (of: object) => ({ ...RESTRICTED, ...of });
	const container = (of: object) => pod({ containers: [{ name: "app", ...of }] });
	const secure = (of: object) => container({ securityContext: { ...SECURE, ...of } });

	it("nothing of a pod that is restricted", () => {
		expect(restrictedProblems(pod({}))).toEqual([]);
	});

	it.each([
		["the host's network", pod({ hostNetwork: true }), "pod: hostNetwork"],
		["the host's processes", pod({ hostPID: true }), "pod: hostPID"],
		["the host's memory", pod({ hostIPC: true }), "pod: hostIPC"],
		["a folder of the host", pod({ volumes: [{ name: "x", hostPath: {} }] }), "volume x: hostPath"],
		["a volume of the network", pod({ volumes: [{ name: "x", nfs: {} }] }), "volume x: nfs"],
		[
			"a port of the host",
			container({ securityContext: SECURE, ports: [{ hostPort: 80 }] }),
			"app: hostPort 80",
		],
		[
			"an unsafe sysctl",
			pod({ securityContext: { ...RESTRICTED.securityContext, sysctls: [{ name: "kernel.msgmax" }] } }),
			"sysctl kernel.msgmax",
		],
		["no security context", container({}), "app: no securityContext"],
		["privileges", secure({ privileged: true }), "app: securityContext.privileged"],
		["more privileges", secure({ allowPrivilegeEscalation: true }), "allowPrivilegeEscalation"],
		[
			"silence about privileges",
			container({ securityContext: { capabilities: SECURE.capabilities } }),
			"allowPrivilegeEscalation",
		],
		["capabilities", secure({ capabilities: { drop: ["NET_RAW"] } }), "capabilities.drop"],
		[
			"capabilities given back",
			secure({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } }),
			"capabilities.add",
		],
		["root", secure({ runAsUser: 0 }), "app: securityContext.runAsUser"],
		["perhaps root", secure({ runAsNonRoot: false }), "app: securityContext.runAsNonRoot"],
		[
			"the root of the pod",
			pod({ securityContext: { ...RESTRICTED.securityContext, runAsUser: 0 } }),
			"pod: securityContext.runAsUser",
		],
		[
			"any system call",
			secure({ seccompProfile: { type: "Unconfined" } }),
			"app: securityContext.seccompProfile.type",
		],
		["silence about system calls", pod({ securityContext: { runAsNonRoot: true } }), "seccompProfile.type"],
		["an unmasked /proc", secure({ procMount: "Unmasked" }), "procMount"],
		["no AppArmor", secure({ appArmorProfile: { type: "Unconfined" } }), "appArmorProfile.type"],
		["a type of SELinux", secure({ seLinuxOptions: { type: "spc_t" } }), "seLinuxOptions.type"],
		["a process of the host", secure({ windowsOptions: { hostProcess: true } }), "hostProcess"],
		[
			"a probe of another host",
			container({ securityContext: SECURE, livenessProbe: { httpGet: { host: "x" } } }),
			"livenessProbe.httpGet.host",
		],
	])("%s", (_, spec, problem) => {
		expect(restrictedProblems(spec).join("\n")).toContain(problem);
	});

	for (const [title, from, to] of [
		["privileges", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"],
		["capabilities", "- ALL", "- NET_RAW"],
		["perhaps root", "runAsNonRoot: true", "runAsNonRoot: false"],
		["any system call", "type: RuntimeDefault", "type: Unconfined"],
		[
			"a folder of the host",
			"      volumes:\n",
			"      volumes:\n        - name: host\n          hostPath: { path: / }\n",
		],
	] as const) {
		itWithTools(`${title}, in a copy of each overlay`, async () => {
			for (const overlay of OVERLAYS) {
				const objects = await withMistake(overlay, from, to);
				expect(restrictedProblems(podSpec(objects))).not.toEqual([]);
			}
		});
	}
});

const SECURE = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
const RESTRICTED = {
	securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
	containers: [{ name: "app", securityContext: SECURE }],
};
