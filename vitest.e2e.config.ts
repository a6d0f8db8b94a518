import { defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/vitest-reporter.js";

export default defineConfig({
	test: {
		root: new URL("e2e", import.meta.url).pathname,
		include: ["**/*.test.ts"],
		// Of a release that was rehearsed, which has a configuration of its own.
		exclude: ["release/**", "**/node_modules/**"],
		reporters: ["default", new CountReporter()],
		testTimeout: 30_000,
		hookTimeout: 120_000,
		maxWorkers: 2,
	},
});
