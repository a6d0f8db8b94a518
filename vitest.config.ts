import { defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/vitest-reporter.js";

/** Workspace imports resolve to sources, so that tests need no build. */
const conditions = ["clef-source"];

export default defineConfig({
	resolve: { conditions },
	ssr: { resolve: { conditions } },
	test: {
		include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
		reporters: ["dot", new CountReporter()],
		restoreMocks: true,
		// Generous, because a shared machine may be slow to load an SDK; no test waits for time to pass.
		testTimeout: 30_000,
		coverage: {
			provider: "v8",
			include: ["packages/*/src/**/*.ts", "apps/*/src/**/*.ts"],
			exclude: ["packages/testkit/**"],
			reporter: ["text-summary", "json-summary", "html"],
			thresholds: {
				statements: 95,
				branches: 95,
				functions: 95,
				lines: 95,
				"packages/artifact/src/**": { 100: true },
				"packages/decryptors/src/**": { 100: true },
			},
		},
	},
});
