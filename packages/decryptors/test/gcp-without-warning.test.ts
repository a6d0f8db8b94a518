import { beforeEach, describe, expect, it, vi } from "vitest";
import { withoutLookupWarning } from "../src/gcp-without-warning.js";

const printed = vi.fn();

beforeEach(() => {
	const original = process.emitWarning;
	process.emitWarning = printed;
	printed.mockClear();
	return () => {
		expect(process.emitWarning).toBe(printed);
		process.emitWarning = original;
	};
});

const warn = () => process.emitWarning("received unexpected error", "MetadataLookupWarning");

describe("withoutLookupWarning", () => {
	it("drops that one warning while the work goes on, and not after", async () => {
		expect(await withoutLookupWarning(async () => warn())).toBeUndefined();
		expect(printed).not.toHaveBeenCalled();
		warn();
		expect(printed).toHaveBeenCalledOnce();
	});

	it("lets all other warnings pass as they are", async () => {
		await withoutLookupWarning(async () => process.emitWarning("old", "DeprecationWarning", "DEP0000"));
		expect(printed).toHaveBeenCalledWith("old", "DeprecationWarning", "DEP0000");
	});

	it("stays in force until the last of several has ended, in whatever order and way", async () => {
		let finish: () => void = () => undefined;
		const first = withoutLookupWarning(
			() =>
				new Promise<void>((resolve) => {
					finish = resolve;
				}),
		);
		const failed = withoutLookupWarning(() => Promise.reject(new RangeError("failed")));
		await expect(failed).rejects.toThrow("failed");
		warn();
		finish();
		await first;
		expect(printed).not.toHaveBeenCalled();
		warn();
		expect(printed).toHaveBeenCalledOnce();
	});
});
