// Ends a test run with one plain line that people and CI can read: `N passed, N failed, N skipped`.

/** @typedef {import("vitest/node").Reporter} Reporter */

/** Counts tests, and each file that could not be run as one that failed. @implements {Reporter} */
export class CountReporter {
	/** @param {readonly import("vitest/node").TestModule[]} modules */
	onTestRunEnd(modules) {
		const counts = { passed: 0, failed: 0, skipped: 0 };
		for (const module of modules) {
			if (module.errors().length > 0) counts.failed += 1;
			for (const test of module.children.allTests()) {
				const { state } = test.result();
				if (state !== "pending") counts[state] += 1;
			}
		}
		// Written at exit: the line must be the last one, after the coverage table.
		process.once("exit", () => {
			process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
		});
	}
}
