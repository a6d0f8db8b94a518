import { describe, expect } from "vitest";
import { problemsWith } from "./problems-with.js";
import { itWithTools } from "./stage.js";

const MISTAKES = [
	["no sidecar", "age-key", "          restartPolicy: Always\n", "", "the agent is no sidecar"],
	[
		"an init container before it",
		"age-key",
		"initContainers:\n",
		"initContainers:\n        - name: first\n",
		"another container starts before",
	],
	[
		"another command",
		"age-key",
		"image: ghcr.io/clef-sh",
		"command: [sh]\n          image: ghcr.io/clef-sh",
		"own command is replaced",
	],
	[
		"a port",
		"age-key",
		"image: ghcr.io/clef-sh",
		"ports: []\n          image: ghcr.io/clef-sh",
		"loopback only",
	],
	[
		"a hook",
		"age-key",
		"image: ghcr.io/clef-sh",
		"lifecycle: {}\n          image: ghcr.io/clef-sh",
		"without a hook",
	],
	["no version", "age-key", "clef-sh/agent:0.2.0", "clef-sh/agent:latest", "no version of the image"],
	["another path in a probe", "age-key", "- /clef-agent\n", "- clef-agent\n", "Probe: not /clef-agent"],
	["another command in a probe", "age-key", "- health\n", "- healthy\n", "Probe: not /clef-agent health"],
	["liveness that asks for readiness", "age-key", "                - --live\n", "", "livenessProbe: not"],
	[
		"a probe over HTTP",
		"age-key",
		"startupProbe:\n            exec:",
		"startupProbe:\n            httpGet: {port: 7779}\n            other:",
		"startupProbe: not",
	],
	["a probe that is cut off", "age-key", "timeoutSeconds: 3", "timeoutSeconds: 2", "cut off too early"],
	[
		"a start that gives up",
		"age-key",
		"failureThreshold: 300",
		"failureThreshold: 30",
		"gives up within a minute",
	],
	["no user", "age-key", "runAsUser: 65532", "runAsUser: 0", "the pod has no user"],
	["no group", "age-key", "fsGroup: 65532", "fsGroup: 1", "not its group's"],
	[
		"another user of a container",
		"age-key",
		"readOnlyRootFilesystem: true",
		"readOnlyRootFilesystem: true\n            runAsUser: 1000",
		"app: another user",
	],
	[
		"a writable image",
		"age-key",
		"readOnlyRootFilesystem: true",
		"readOnlyRootFilesystem: false",
		"app: may write",
	],
	[
		"one process namespace",
		"age-key",
		"enableServiceLinks",
		"shareProcessNamespace: true\n      enableServiceLinks",
		"look into the agent's memory",
	],
	[
		"service links",
		"age-key",
		"enableServiceLinks: false",
		"enableServiceLinks: true",
		"service links would",
	],
	[
		"a token for the cluster",
		"age-key",
		"    spec:\n      automountServiceAccountToken: false",
		"    spec:\n      automountServiceAccountToken: true",
		"a token for the cluster",
	],
	[
		"no time to end",
		"age-key",
		"terminationGracePeriodSeconds: 30",
		"terminationGracePeriodSeconds: 5",
		"too little time",
	],
] as const;

describe("in a copy of a pod this mistake is found:", () => {
	for (const [title, overlay, from, to, problem] of MISTAKES) {
		itWithTools(title, async () => {
			expect(await problemsWith(overlay, from, to)).toContain(problem);
		});
	}
});
