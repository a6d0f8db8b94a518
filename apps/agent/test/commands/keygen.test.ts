import { createPublicKey } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keygen } from "../../src/commands/keygen.js";
import { capturedIo } from "../captured-io.js";

it("prints an age key file, and the public key again on standard error", async () => {
	const io = capturedIo({ nowMs: Date.UTC(2027, 0, 2) });
	expect(await keygen([], io)).toBe(0);
	const [created, publicKey, identity, end, ...rest] = io.out().split("\n");
	expect(created).toBe("# created: 2027-01-02T00:00:00.000Z");
	expect(publicKey).toMatch(/^# public key: age1[0-9a-z]{58}$/);
	expect(identity).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
	expect([end, rest]).toEqual(["", []]);
	expect(io.err()).toBe(`Public key: ${publicKey?.slice("# public key: ".length)}\n`);
});

it("makes another one each time", async () => {
	const [one, other] = [capturedIo(), capturedIo()];
	await keygen([], one);
	await keygen([], other);
	expect(one.out()).not.toBe(other.out());
});

it("makes a post-quantum identity", async () => {
	const io = capturedIo();
	expect(await keygen(["--post-quantum"], io)).toBe(0);
	expect(io.out()).toMatch(/^AGE-SECRET-KEY-PQ-1[0-9A-Z]+$/m);
	expect(io.out()).toMatch(/^# public key: age1pq1[0-9a-z]+$/m);
});

it("prints a signing key as PEM, its public half as the agent takes it", async () => {
	const io = capturedIo();
	expect(await keygen(["--signing"], io)).toBe(0);
	expect(io.out()).toMatch(/^-----BEGIN PRIVATE KEY-----\n[\s\S]+\n-----END PRIVATE KEY-----\n$/);
	const publicKey = createPublicKey(io.out()).export({ type: "spki", format: "der" }).toString("base64");
	expect(io.err()).toBe(`CLEF_AGENT_VERIFY_KEY=${publicKey}\n`);
});

it("writes a file for its owner only and keeps the secret from the terminal", async () => {
	const io = capturedIo();
	expect(await keygen(["-o", "age.key"], io)).toBe(0);
	const path = join(io.cwd, "age.key");
	expect(readFileSync(path, "utf8")).toContain("AGE-SECRET-KEY-1");
	expect(statSync(path).mode & 0o777).toBe(0o600);
	expect(io.out() + io.err()).not.toContain("AGE-SECRET-KEY");
});

it("never overwrites a key", async () => {
	const io = capturedIo();
	writeFileSync(join(io.cwd, "age.key"), "the only key there is");
	await expect(keygen(["-o", "age.key"], io)).rejects.toMatchObject({
		code: "COMMAND_OUTPUT",
		message: "cannot write age.key: it exists already",
	});
	expect(readFileSync(join(io.cwd, "age.key"), "utf8")).toBe("the only key there is");
});

it("refuses to make both kinds at once", async () => {
	await expect(keygen(["--signing", "--post-quantum"], capturedIo())).rejects.toMatchObject({
		code: "COMMAND_USAGE",
		message: "--signing and --post-quantum exclude each other",
	});
});
