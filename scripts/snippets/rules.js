// Which test runs which blocks of the pages.

/**
 * Says who runs blocks. The first that fits a block counts.
 * @typedef {object} Rule
 * @property {string} run the name by which the test asks for them, see TESTS
 * @property {string} page
 * @property {string} [language] default: every language
 * @property {string} [has] only blocks that contain this
 * @property {string} [same] a file that the block must equal, and that the test runs in its place
 */

/**
 * The test of each runner; it must ask for its blocks.
 * @type {Readonly<Record<string, string>>}
 */
export const TESTS = {
	start: "e2e/snippets-start.test.ts",
	pages: "e2e/snippets-pages.test.ts",
	settings: "e2e/snippets-settings.test.ts",
	policies: "e2e/snippets-policies.test.ts",
	"log lines": "e2e/snippets-log.test.ts",
	library: "e2e/supply-chain-readmes.test.ts",
	client: "e2e/client.test.ts",
	npm: "e2e/npm-install.test.ts",
	kubernetes: "e2e/kubernetes/guide.test.ts",
	scraping: "e2e/observability-files.test.ts",
	unit: "e2e/systemd-unit.test.ts",
	binary: "e2e/binary.test.ts",
	image: "e2e/image.test.ts",
	"lambda clients": "e2e/lambda-examples.test.ts",
};

/** @param {string} language @param {string} file @returns {Rule} */
function lambdaClient(language, file) {
	return { run: "lambda clients", page: "docs/lambda-clients.md", language, same: `examples/lambda/${file}` };
}

/** Pages whose blocks are done in order, in one folder. */
const FOLLOWED = [
	"docs/getting-started.md",
	"docs/keys.md",
	"docs/switching.md",
	"docs/exec.md",
	"docs/http-api.md",
	"docs/install/compose.md",
	"docs/kms/aws.md",
	"docs/kms/azure.md",
	"docs/kms/gcp.md",
];

/** Pages of packages that are libraries. */
const LIBRARIES = ["artifact", "cache", "core", "decryptors", "pack", "router", "sources", "telemetry"];

/** Every rule; the order matters, as the first that fits a block counts. @type {readonly Rule[]} */
export const RULES = [
	{ run: "start", page: "README.md", has: "npm start" },
	{ run: "start", page: "docs/README.md", has: "npm start" },
	{ run: "library", page: "README.md", language: "ts" },
	{ run: "pages", page: "README.md", language: "sh" },
	...["s3", "github", "gitlab", "bitbucket", "http", "file"].map((name) => ({
		run: "settings",
		page: `docs/sources/${name}.md`,
		language: "sh",
	})),
	...["aws", "azure", "gcp"].map((name) => ({
		run: "settings",
		page: `docs/kms/${name}.md`,
		language: "sh",
		has: "CLEF_AGENT_SOURCE=",
	})),
	{ run: "settings", page: "docs/telemetry.md", language: "sh" },
	{ run: "policies", page: "docs/kms/aws.md", language: "json" },
	{ run: "policies", page: "docs/kms/azure.md", language: "json" },
	{ run: "policies", page: "docs/sources/s3.md", language: "json" },
	...FOLLOWED.map((page) => ({ run: "pages", page })),
	{ run: "log lines", page: "docs/telemetry.md", language: "text" },
	...LIBRARIES.map((name) => ({ run: "library", page: `packages/${name}/README.md`, language: "js" })),
	{ run: "library", page: "apps/lambda-extension/README.md", language: "ts" },
	{ run: "client", page: "packages/client/README.md", language: "js" },
	{ run: "npm", page: "apps/agent/README.md" },
	{ run: "npm", page: "docs/install/npm.md" },
	{ run: "kubernetes", page: "docs/install/kubernetes.md" },
	{ run: "kubernetes", page: "deploy/kubernetes/README.md" },
	{ run: "scraping", page: "deploy/observability/README.md", language: "yaml" },
	{ run: "unit", page: "docs/install/systemd.md" },
	{ run: "binary", page: "docs/install/binary.md" },
	{ run: "image", page: "docs/install/image.md", has: "podman run" },
	lambdaClient("python", "handler.py"),
	lambdaClient("js", "index.mjs"),
	lambdaClient("go", "main.go"),
	lambdaClient("java", "Handler.java"),
	lambdaClient("rust", "main.rs"),
	lambdaClient("sh", "secret.sh"),
];
