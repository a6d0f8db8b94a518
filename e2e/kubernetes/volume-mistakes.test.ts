import { describe, expect } from "vitest";
import { problemsWith } from "./problems-with.js";
import { itWithTools } from "./stage.js";

const MISTAKES = [
	["a given token for everyone", "token-secret", "defaultMode: 288", "defaultMode: 292", "group alone"],
	[
		"a given token that the agent may write",
		"token-secret",
		"token\n              readOnly: true\n            - mountPath: /run/secrets",
		"token\n            - mountPath: /run/secrets",
		"could be written",
	],
	[
		"a volume that is not there",
		"age-key",
		"name: clef-agent-age-key\n              readOnly",
		"name: age-key\n              readOnly",
		"there is no volume age-key",
	],
	[
		"a volume nobody has",
		"age-key",
		"      volumes:\n",
		"      volumes:\n        - name: other\n",
		"nothing mounts the volume other",
	],
	[
		"a single file",
		"age-key",
		"mountPath: /run/secrets/clef-agent\n",
		"mountPath: /run/secrets/clef-agent\n              subPath: age.key\n",
		"a single file never changes",
	],
	[
		"a token outside of its volume",
		"age-key",
		"value: /run/clef-agent/token",
		"value: /run/token",
		"in no volume of its own",
	],
	[
		"a token in a folder that is not there",
		"age-key",
		"/run/clef-agent/token",
		"/run/clef-agent/a/token",
		"in no volume of its own",
	],
	["a token on the disk", "age-key", "            medium: Memory\n", "", "reach the disk"],
	["a token without an end", "age-key", "            sizeLimit: 1Mi\n", "", "may take all memory"],
	[
		"an application that may write the token",
		"age-key",
		"name: clef-agent-token\n              readOnly: true",
		"name: clef-agent-token",
		"replace the token",
	],
	[
		"an application without the token",
		"age-key",
		"- mountPath: /run/clef-agent\n              name: clef-agent-token\n              readOnly: true",
		"[]",
		"no container can read",
	],
	[
		"an age key in plain sight",
		"age-key",
		"CLEF_AGENT_AGE_KEY_FILE",
		"CLEF_AGENT_AGE_KEY",
		"CLEF_AGENT_AGE_KEY: a secret in plain sight",
	],
	[
		"an age key for everyone",
		"age-key",
		"defaultMode: 288",
		"defaultMode: 292",
		"not for the pod's group alone",
	],
	[
		"an age key from elsewhere",
		"age-key",
		"value: /run/secrets/clef-agent",
		"value: /run/clef-agent",
		"lies in no Secret",
	],
	[
		"an age key that the application has too",
		"age-key",
		"- mountPath: /run/clef-agent\n",
		"- mountPath: /run/key\n              name: clef-agent-age-key\n            - mountPath: /run/clef-agent\n",
		"clef-agent-age-key: is the agent's alone",
	],
	[
		"a cache outside of its volume",
		"disk-cache",
		"value: /var/cache/clef-agent",
		"value: /var/cache/clef",
		"the cache lies in no volume",
	],
	[
		"a cache that the next mount opens",
		"disk-cache-volume",
		"OnRootMismatch",
		"Always",
		"open the cache to the group",
	],
	["a cache of two pods", "disk-cache-volume", "replicas: 1", "replicas: 2", "cannot be two pods'"],
	[
		"two pods for a moment",
		"disk-cache-volume",
		"type: Recreate",
		"type: RollingUpdate",
		"cannot be two pods'",
	],
	[
		"no claim",
		"disk-cache-volume",
		"claimName: clef-agent-cache",
		"claimName: cache",
		"there is no claim cache",
	],
	["a limit of CPU", "age-key", "limits:\n", "limits:\n              cpu: 100m\n", "a throttled probe"],
	[
		"no limit of memory",
		"age-key",
		"              memory: 384Mi\n",
		"              ephemeral-storage: 1Mi\n",
		"memory has no limit",
	],
	["nothing asked for", "age-key", "cpu: 50m", "ephemeral-storage: 1Mi", "no CPU is asked for"],
	[
		"an account that is not there",
		"age-key",
		"serviceAccountName: api",
		"serviceAccountName: apis",
		"there is no account apis",
	],
	[
		"a selector of others",
		"network-policy",
		"podSelector:\n    matchLabels:\n      app.kubernetes.io/name: api",
		"podSelector:\n    matchLabels:\n      app.kubernetes.io/name: apis",
		"selects other pods",
	],
] as const;

describe("in a copy of a pod, about its files and its place, this mistake is found:", () => {
	for (const [title, overlay, from, to, problem] of MISTAKES) {
		itWithTools(title, async () => {
			expect(await problemsWith(overlay, from, to)).toContain(problem);
		});
	}
});
