// The sidebar: which pages the site has, in which group and order, and under which short name.

/**
 * @typedef {object} Entry
 * @property {string} source the Markdown file, from the repository's root; one that ends in `/` means every page there
 * @property {string} [label] where the page's own heading is too long, or says too little outside its folder
 */

/** @typedef {{ title: string, entries: readonly Entry[] }} Group */

/** @type {readonly Group[]} */
export const GROUPS = [
	{
		title: "Getting started",
		entries: [{ source: "docs/README.md", label: "What it is" }, { source: "docs/getting-started.md" }],
	},
	{
		title: "Install",
		entries: [
			{ source: "docs/install/npm.md" },
			{ source: "docs/install/binary.md" },
			{ source: "docs/install/image.md" },
			{ source: "docs/install/kubernetes.md" },
			{ source: "docs/install/ecs.md" },
			{ source: "docs/install/compose.md" },
			{ source: "docs/install/systemd.md" },
			{ source: "docs/lambda.md" },
		],
	},
	{
		title: "Sources",
		entries: [
			{ source: "docs/sources/README.md", label: "All sources" },
			{ source: "docs/sources/file.md" },
			{ source: "docs/sources/http.md" },
			{ source: "docs/sources/s3.md" },
			{ source: "docs/sources/github.md" },
			{ source: "docs/sources/gitlab.md" },
			{ source: "docs/sources/bitbucket.md" },
		],
	},
	{
		title: "Keys and KMS",
		entries: [
			{ source: "docs/keys.md" },
			{ source: "docs/kms/aws.md" },
			{ source: "docs/kms/gcp.md" },
			{ source: "docs/kms/azure.md" },
		],
	},
	{
		title: "Using it",
		entries: [
			{ source: "docs/http-api.md" },
			{ source: "docs/openapi.json", label: "HTTP API reference" },
			{ source: "docs/client.md" },
			{ source: "docs/exec.md", label: "exec" },
			{ source: "docs/lambda-clients.md", label: "In a Lambda function" },
		],
	},
	{
		title: "Operating",
		entries: [
			{ source: "docs/configuration.md" },
			{ source: "docs/errors.md" },
			{ source: "docs/telemetry.md" },
			{ source: "docs/reliability.md" },
			{ source: "docs/fleet.md" },
			{ source: "docs/performance.md" },
		],
	},
	{
		title: "Security",
		entries: [
			{ source: "docs/threat-model.md" },
			{ source: "docs/artifact-format.md", label: "Artifact format" },
			{ source: "SECURITY.md", label: "Reporting" },
		],
	},
	{
		title: "Project",
		entries: [
			{ source: "docs/architecture.md" },
			{ source: "CONTRIBUTING.md" },
			{ source: "docs/releasing.md" },
			{ source: "docs/switching.md" },
		],
	},
	{ title: "Decisions", entries: [{ source: "docs/decisions/" }] },
];
