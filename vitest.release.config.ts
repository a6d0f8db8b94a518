import { defineConfig } from "vitest/config";
import { CountReporter } from "./scripts/vitest-reporter.js";

/** Tries what `npm run release:dry` has built; the folder is in CLEF_RELEASE. */
export default defineConfig({
	test: {
		root: new URL("e2e", import.meta.url).pathname,
		include: ["release/*.test.ts"],
		reporters: ["default", new CountReporter()],
		testTimeout: 180_000,
		hookTimeout: 180_000,
		// One after the other: an emulated agent beside an installation would be slow for want of a processor alone.
		fileParallelism: false,
	},
});
