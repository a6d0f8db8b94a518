import { expect, it } from "vitest";
import { run } from "../../src/commands/run.js";
import { capturedIo } from "../captured-io.js";

it("D41 refuses to start while Node's inspector is open", async () => {
	const io = capturedIo({ inspectorUrl: "ws://127.0.0.1:9229/x" });
	await expect(run([], io)).rejects.toMatchObject({
		code: "CONFIG_INVALID",
		message: expect.stringContaining("inspector"),
		hint: expect.stringContaining("NODE_OPTIONS"),
	});
	expect(io.out() + io.err()).toBe("");
});
