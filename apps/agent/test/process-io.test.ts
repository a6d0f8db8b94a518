import { expect, it } from "vitest";
import { processIo } from "../src/process-io.js";

it("is this process", async () => {
	const io = processIo();
	expect(io.env).toBe(process.env);
	expect(io.stderr).toBe(process.stderr);
	expect(io.process).toBe(process);
	expect(io.cwd).toBe(process.cwd());
	expect(Math.abs(io.now() - Date.now())).toBeLessThan(60_000);
	await io.after(0);
});
