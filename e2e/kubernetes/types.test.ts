import { describe, expect } from "vitest";
import { podSpecs } from "./manifests.js";
import { itWithTools, tools, withMistake } from "./stage.js";
import { lostByKubernetes, typeProblems } from "./types.js";

const IN_TYPES = [
	[
		"an unknown field of a container",
		"age-key",
		"livenessProbe:",
		"liveness:",
		`'"liveness"' does not exist`,
	],
	[
		"an unknown field of the pod",
		"age-key",
		"enableServiceLinks:",
		"serviceLinks:",
		`'"serviceLinks"' does not exist`,
	],
	[
		"a typo in a security context",
		"age-key",
		"readOnlyRootFilesystem",
		"readOnlyRootFileSystem",
		"readOnlyRootFileSystem",
	],
	["a typo in a probe", "job", "periodSeconds", "periodSecond", `'"periodSecond"' does not exist`],
	["a typo in a volume", "disk-cache", "emptyDir", "emptyDirectory", `'"emptyDirectory"' does not exist`],
	["a typo in a Job", "job", "backoffLimit", "backOffLimit", `'"backOffLimit"' does not exist`],
	["a typo in a claim", "disk-cache-volume", "accessModes", "accessMode", `'"accessMode"' does not exist`],
	["a typo in a network policy", "network-policy", "egress:", "egres:", `'"egres"' does not exist`],
	["a typo in an account", "aws-irsa", "annotations", "annotation", `'"annotation"' does not exist`],
	[
		"a missing field",
		"age-key",
		"  selector:\n    matchLabels:\n      app.kubernetes.io/name: api\n",
		"",
		`'"selector"' is missing`,
	],
	[
		"a text for a number",
		"age-key",
		"failureThreshold: 3",
		"failureThreshold: three",
		"'string' is not assignable",
	],
	["a text for a list", "age-key", "command:\n", "command: |\n", "'string' is not assignable"],
	[
		"a text for a truth",
		"age-key",
		"runAsNonRoot: true",
		'runAsNonRoot: "true"',
		"'string' is not assignable",
	],
	["a number for a text", "job", "value: /run/clef-agent/token", "value: 1", "'number' is not assignable"],
	["a fraction for a whole number", "age-key", "periodSeconds: 30", "periodSeconds: 0.5", "integer"],
	["an unknown kind", "job", "kind: Job", "kind: Jobs", "never"],
	["an unknown version", "age-key", "apiVersion: apps/v1", "apiVersion: apps/v1beta1", "never"],
] as const;

describe("Kubernetes' types find", () => {
	let found: Promise<Record<string, string[]>> | undefined;
	const problems = async () => {
		const cases = IN_TYPES.map(
			async ([title, overlay, from, to]) => [title, await withMistake(overlay, from, to)] as const,
		);
		return typeProblems(Object.fromEntries(await Promise.all(cases)));
	};

	for (const [title, , , , problem] of IN_TYPES) {
		itWithTools(title, async () => {
			found ??= problems();
			expect((await found)[title]?.join("\n")).toContain(problem);
		});
	}
});

describe("Kubernetes' own code loses, or cannot read,", () => {
	for (const [title, overlay, from, to, problem] of [
		[
			"an unknown field of a container",
			"age-key",
			"livenessProbe:",
			"liveness:",
			".initContainers.0.liveness",
		],
		["an unknown field of the pod", "job", "enableServiceLinks:", "serviceLinks:", "spec.serviceLinks"],
		["a typo in a Job", "job", "backoffLimit", "backOfLimit", "spec.backOfLimit"],
		[
			"a text for a number",
			"age-key",
			"failureThreshold: 3",
			"failureThreshold: three",
			"cannot unmarshal string",
		],
		["a quantity that is none", "age-key", "cpu: 50m", "cpu: 50 m", "quantities must match"],
	] as const) {
		itWithTools(title, async () => {
			const [workload] = (await withMistake(overlay, from, to)).filter((one) => podSpecs([one]).length > 0);
			expect((await lostByKubernetes(tools, workload ?? {})).join("\n")).toContain(problem);
		});
	}
});
