import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createFingerprint, readTextFile, systemClock } from "../src/runtime.js";

describe("the runtime's clock", () => {
	it("keeps a process alive for a call, and not for a watch", () => {
		const timers = vi.spyOn(globalThis, "setTimeout");
		onTestFinished(() => timers.mockRestore());
		for (const isHolding of [true, false]) {
			const cancel = systemClock.setTimeout(() => undefined, 60_000, isHolding);
			const timer = timers.mock.results.at(-1)?.value as NodeJS.Timeout;
			expect(timer.hasRef()).toBe(isHolding);
			cancel();
		}
	});

	it("takes a time that is too long for a timer for the longest one, and not for none", async () => {
		let isOver = false;
		const cancel = systemClock.setTimeout(
			() => {
				isOver = true;
			},
			Number.POSITIVE_INFINITY,
			false,
		);
		await new Promise((resolve) => setTimeout(resolve, 5));
		expect(isOver).toBe(false);
		cancel();
	});

	it("lets numbered timers go by Deno's own function", () => {
		const unref = vi.fn();
		vi.stubGlobal("Deno", { unrefTimer: unref });
		vi.stubGlobal("setTimeout", () => 7);
		vi.stubGlobal("clearTimeout", () => undefined);
		onTestFinished(() => {
			vi.unstubAllGlobals();
		});
		systemClock.setTimeout(() => undefined, 1, false);
		systemClock.setTimeout(() => undefined, 1, true);
		expect(unref.mock.calls).toEqual([[7]]);
	});
});

it("where a runtime reads no files, a token's file is a mistake in the configuration", async () => {
	vi.stubGlobal("process", { env: {} });
	onTestFinished(() => {
		vi.unstubAllGlobals();
	});
	await expect(readTextFile("/run/token")).rejects.toMatchObject({
		code: "CONFIG_INVALID",
		message: expect.stringContaining("give createClient a `token`"),
	});
});

describe("a fingerprint", () => {
	it("tells texts apart, knows them again, and says nothing of them to anybody else", async () => {
		const [mine, other] = [createFingerprint(), createFingerprint()];
		const text = "päss\u0000word";
		const [first] = await Promise.all([mine(text), mine("another")]);
		expect(await mine(text)).toBe(first);
		expect(await mine("another")).not.toBe(first);
		expect(await other(text)).not.toBe(first);
		expect(first).toHaveLength(32);
	});
});
