import { defineConfig } from "vitest/config";

/** Workspace imports resolve to sources, so that what is measured is what stands there. */
const conditions = ["clef-source"];

export default defineConfig({
	resolve: { conditions },
	ssr: { resolve: { conditions } },
	test: {
		include: ["benchmarks/**/*.bench.ts"],
		reporters: ["dot"],
		disableConsoleIntercept: true,
		fileParallelism: false,
		testTimeout: 120_000,
	},
});
