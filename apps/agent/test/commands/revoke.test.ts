import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArtifact } from "@clef-sh/artifact";
import { vector } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { revoke } from "../../src/commands/revoke.js";
import { capturedIo } from "../captured-io.js";

const nowMs = Date.UTC(2027, 0, 1);

function prepared() {
	const io = capturedIo({ nowMs });
	const path = join(io.cwd, "a.json");
	writeFileSync(path, vector("signed"));
	return { io, path };
}

it("revokes in place and keeps nothing that could be decrypted", async () => {
	const { io, path } = prepared();
	expect(await revoke(["a.json"], io)).toBe(0);
	expect(parseArtifact(readFileSync(path))).toMatchObject({
		kind: "revocation",
		revokedAtMs: nowMs,
		identity: "api-gateway",
	});
	expect(readFileSync(path, "utf8")).not.toContain("ciphertext");
	expect(io.out()).toBe("");
});

it("keeps the file's mode, and a link to it", async () => {
	const { io, path } = prepared();
	chmodSync(path, 0o640);
	symlinkSync("a.json", join(io.cwd, "link"));
	expect(await revoke(["link"], io)).toBe(0);
	expect(statSync(path).mode & 0o777).toBe(0o640);
	expect(lstatSync(join(io.cwd, "link")).isSymbolicLink()).toBe(true);
	expect(parseArtifact(readFileSync(path)).kind).toBe("revocation");
});

it("writes elsewhere with -o, to standard output for -", async () => {
	const { io, path } = prepared();
	expect(await revoke(["a.json", "-o", "b.json"], io)).toBe(0);
	expect(await revoke(["a.json", "-o", "-"], io)).toBe(0);
	expect(readFileSync(join(io.cwd, "b.json"), "utf8")).toBe(io.out());
	expect(readFileSync(path)).toEqual(vector("signed"));
});

it("filters standard input to standard output for -", async () => {
	const io = capturedIo({ stdin: vector("plain").toString(), nowMs });
	expect(await revoke(["-"], io)).toBe(0);
	expect(JSON.parse(io.out())).toHaveProperty("revokedAt", "2027-01-01T00:00:00.000Z");
});

it.each([
	[["none.json"], "COMMAND_INPUT"],
	[["a.json", "-o", "missing/b.json"], "COMMAND_OUTPUT"],
	[[], "COMMAND_USAGE"],
])("%j is refused: %s", async (args, code) => {
	const { io, path } = prepared();
	await expect(revoke(args, io)).rejects.toMatchObject({ code });
	expect(readFileSync(path)).toEqual(vector("signed"));
});

it("refuses what is no artifact and leaves it alone", async () => {
	const { io, path } = prepared();
	writeFileSync(path, "not JSON");
	await expect(revoke(["a.json"], io)).rejects.toMatchObject({ code: "PACK_INPUT_INVALID" });
	expect(readFileSync(path, "utf8")).toBe("not JSON");
});
