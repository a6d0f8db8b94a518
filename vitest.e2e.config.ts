import { defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/vitest-reporter.js";

export default defineConfig({
	test: {
		root: new URL("e2e", import.meta.url).pathname,
		include: ["*.test.ts", "kubernetes/*.test.ts", "lambda-infrastructure/*.test.ts"],
		reporters: ["default", new CountReporter()],
		testTimeout: 30_000,
		hookTimeout: 120_000,
		maxWorkers: 2,
	},
});
