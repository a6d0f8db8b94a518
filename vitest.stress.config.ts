import { defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/vitest-reporter.js";

/** Workspace imports resolve to sources; what runs as a process is the built command. */
const conditions = ["clef-source"];

export default defineConfig({
	resolve: { conditions },
	ssr: { resolve: { conditions } },
	test: {
		root: new URL("stress", import.meta.url).pathname,
		include: ["**/*.test.ts"],
		reporters: ["default", new CountReporter()],
		// What they measure is printed as it stands, for docs/reliability.md.
		disableConsoleIntercept: true,
		fileParallelism: false,
		testTimeout: 30 * 60_000,
		hookTimeout: 120_000,
	},
});
