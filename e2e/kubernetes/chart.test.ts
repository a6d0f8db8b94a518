import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import type { JsonObject } from "../json.js";
import { comparable, ExampleChart } from "./chart.js";
import { deployFolder, kustomized, OVERLAYS, podSpec, podSpecs } from "./manifests.js";
import { restrictedProblems } from "./restricted.js";
import { sidecarProblems } from "./sidecar-rules.js";
import { itWithTools, tools } from "./stage.js";
import { lostByKubernetes, typeProblems } from "./types.js";

const S3 = { env: { CLEF_AGENT_SOURCE: "s3://acme-artifacts/api/production.age.json" } };
const AGE_KEY = { ageKey: { secretName: "clef-agent" } };
const IAM = { podAnnotations: { "eks.amazonaws.com/skip-containers": "app" }, "clef-agent": S3 };
const GKE = {
	serviceAccountAnnotations: {
		"iam.gke.io/gcp-service-account": "clef-agent-api@acme-production.iam.gserviceaccount.com",
	},
};

/** The values that ask of the chart what each overlay asks of kustomize. */
const VALUES: Readonly<Record<string, JsonObject>> = {
	"age-key": { "clef-agent": AGE_KEY },
	"aks-workload-identity": {
		serviceAccountAnnotations: {
			"azure.workload.identity/client-id": "00000000-0000-0000-0000-000000000000",
		},
		podLabels: { "azure.workload.identity/use": "true" },
		podAnnotations: { "azure.workload.identity/skip-containers": "app" },
		"clef-agent": { env: { AZURE_TOKEN_CREDENTIALS: "WorkloadIdentityCredential" } },
	},
	"aws-irsa": {
		...IAM,
		serviceAccountAnnotations: {
			"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/clef-agent-api",
		},
	},
	"aws-pod-identity": IAM,
	"disk-cache": { "clef-agent": { ...AGE_KEY, diskCache: { enabled: true } } },
	"disk-cache-volume": {
		replicas: 1,
		strategy: { type: "Recreate" },
		"clef-agent": { ...AGE_KEY, diskCache: { enabled: true, claimName: "clef-agent-cache" } },
	},
	"gke-workload-identity": GKE,
	job: { job: true, image: "ghcr.io/acme/migrate:1.0.0", "clef-agent": AGE_KEY },
	"network-policy": { "clef-agent": AGE_KEY },
	"network-policy-eks": IAM,
	"network-policy-gke": GKE,
	"token-secret": { appUser: 1000, "clef-agent": { ...AGE_KEY, token: { secretName: "clef-agent-token" } } },
};

const releaseOf = (overlay: string) => (overlay === "job" ? "migrate" : "api");

describe("the chart", () => {
	for (const overlay of OVERLAYS) {
		itWithTools(`asks for what kustomize asks for: ${overlay}`, async () => {
			const chart = await ExampleChart.build(tools);
			const objects = await chart.objects(releaseOf(overlay), VALUES[overlay] ?? {});
			expect(VALUES).toHaveProperty([overlay]);
			expect(comparable(objects)).toEqual(comparable(await kustomized(tools, `overlays/${overlay}`)));
			expect(restrictedProblems(podSpec(objects))).toEqual([]);
			const claim = { kind: "PersistentVolumeClaim", metadata: { name: "clef-agent-cache" } };
			expect(sidecarProblems([...objects, claim])).toEqual([]);
		});
	}

	itWithTools("holds nothing that Kubernetes' types or its own code refuse", async () => {
		const chart = await ExampleChart.build(tools);
		const cases: Record<string, readonly JsonObject[]> = {};
		for (const overlay of OVERLAYS)
			cases[overlay] = await chart.objects(releaseOf(overlay), VALUES[overlay] ?? {});
		expect(await typeProblems(cases)).toEqual(Object.fromEntries(OVERLAYS.map((name) => [name, []])));
		const workloads = Object.values(cases).flatMap((objects) =>
			objects.filter((one) => podSpecs([one]).length > 0),
		);
		for (const workload of workloads) expect(await lostByKubernetes(tools, workload)).toEqual([]);
	});

	itWithTools("has nothing that helm lint warns of", async () => {
		const chart = await ExampleChart.build(tools);
		for (const name of ["example", "clef-agent"]) {
			const { status, stdout } = await chart.run(["lint", "--strict", name]);
			expect({ status, warnings: stdout.match(/\[(WARNING|ERROR)\].*/g) }).toEqual({
				status: 0,
				warnings: null,
			});
		}
	});

	itWithTools("renews the pods when the agent's settings change", async () => {
		const chart = await ExampleChart.build(tools);
		const annotations = async (values: JsonObject) => {
			const objects = await chart.objects("api", values);
			return objects.find(({ kind }) => kind === "Deployment")?.spec;
		};
		const other = { "clef-agent": { env: { CLEF_AGENT_CACHE_TTL: "60" } } };
		expect(await annotations(other)).not.toEqual(await annotations({}));
		expect(await annotations({ replicas: 2 })).toEqual(await annotations({}));
	});

	for (const [title, values] of [
		["an option that it does not have", { diskcache: { enabled: true } }],
		["an option further down", { ageKey: { secret: "clef-agent" } }],
		["a secret in plain sight", { env: { CLEF_AGENT_AGE_KEY: "AGE-SECRET-KEY-1" } }],
		["a number for a variable's text", { env: { CLEF_AGENT_CACHE_TTL: 300 } }],
		["root", { user: 0 }],
	] as const) {
		itWithTools(`refuses ${title}`, async () => {
			const chart = await ExampleChart.build(tools);
			await expect(chart.objects("api", { "clef-agent": values })).rejects.toThrow(
				"don't meet the specifications",
			);
		});
	}

	for (const [title, file, from, to] of [
		[
			"another setting of the agent",
			"clef-agent/templates/_container.tpl",
			"timeoutSeconds: 3",
			"timeoutSeconds: 4",
		],
		[
			"another setting of the pod",
			"clef-agent/templates/_pod.tpl",
			"fsGroupChangePolicy: OnRootMismatch",
			"",
		],
		["another default", "clef-agent/values.yaml", "memory: 128Mi", "memory: 64Mi"],
		["another place", "clef-agent/templates/_pod.tpl", "mountPath: /run/clef-agent", "mountPath: /run/agent"],
	] as const) {
		itWithTools(`would not pass for the same with ${title}`, async () => {
			const chart = await ExampleChart.build(tools, { file, from, to });
			const objects = await chart.objects("api", VALUES["age-key"] ?? {});
			expect(comparable(objects)).not.toEqual(comparable(await kustomized(tools, "overlays/age-key")));
		});
	}

	itWithTools("and the component name the agent's present version", async () => {
		const read = (path: string) => parse(readFileSync(`${deployFolder}${path}`, "utf8"));
		const { version } = read("../apps/agent/package.json");
		const library = read("helm/clef-agent/Chart.yaml");
		expect([library.version, library.appVersion]).toEqual([version, version]);
		expect(read("helm/example/Chart.yaml").dependencies).toMatchObject([{ name: "clef-agent", version }]);
		expect(read("helm/clef-agent/values.yaml").image.tag).toBe(version);
		expect(read("kubernetes/sidecar/kustomization.yaml").images).toMatchObject([{ newTag: version }]);
	});
});
