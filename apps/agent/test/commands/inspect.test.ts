import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type VectorName, vector } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { inspect } from "../../src/commands/inspect.js";
import { capturedIo } from "../captured-io.js";

async function inspected(body: Uint8Array | string, ...args: string[]): Promise<string> {
	const io = capturedIo();
	writeFileSync(join(io.cwd, "a.json"), body);
	expect(await inspect(["a.json", ...args], io)).toBe(0);
	return io.out();
}

const envelope = {
	provider: "aws",
	keyId: "arn:aws:kms:eu-west-1:1:key/k",
	wrappedKey: "AAAA",
	algorithm: "AES-256-GCM",
	iv: Buffer.alloc(12).toString("base64"),
	authTag: Buffer.alloc(16).toString("base64"),
};

function changed(name: VectorName, fields: object): string {
	return JSON.stringify({ ...JSON.parse(vector(name).toString()), ...fields });
}

it("prints aligned text", async () => {
	expect(await inspected(vector("signed-expires"))).toMatch(
		new RegExp(
			[
				"^identity     api-gateway",
				"environment  production",
				"revision     [\\w-]+",
				"packed       2026-11-22T[\\d:.]+Z",
				"expires      2076-[\\dT:.-]+Z",
				"encryption   age: 1 × X25519",
				"ciphertext   \\d+ bytes",
				"digest       matches",
				"signature    Ed25519 \\(not checked: see verify\\)\n$",
			].join("\n"),
		),
	);
});

it("says what is missing", async () => {
	const text = await inspected(vector("plain"));
	expect(text).toMatch(/^expires +never$/m);
	expect(text).toMatch(/^signature +none$/m);
});

it("says that a digest does not match", async () => {
	expect(await inspected(vector("tampered-ciphertext"))).toMatch(/^digest +DOES NOT MATCH/m);
});

it("describes a KMS envelope and a broken age file", async () => {
	expect(await inspected(changed("plain", { envelope }))).toMatch(
		/^encryption +KMS envelope: aws, key arn:aws:kms:eu-west-1:1:key\/k$/m,
	);
	expect(await inspected(changed("plain", { ciphertext: "AAAA" }))).toMatch(
		/^encryption +age, but without a complete header$/m,
	);
});

it("describes a revocation, however little it says", async () => {
	expect(await inspected(vector("revoked"))).toMatch(/^revoked +\d{4}-[\dT:.-]+Z\nidentity +\S+\n/);
	expect(await inspected('{"revokedAt":true}')).toBe(
		[
			"revoked      yes, without a readable date",
			"identity     not named",
			"environment  not named",
			"revision     not named",
			"",
		].join("\n"),
	);
});

it("prints JSON", async () => {
	expect(JSON.parse(await inspected(vector("signed"), "--json"))).toMatchObject({
		kind: "artifact",
		identity: "api-gateway",
		digestOk: true,
		signed: "Ed25519",
	});
});

it("reads standard input for -", async () => {
	const io = capturedIo({ stdin: vector("plain").toString() });
	expect(await inspect(["-"], io)).toBe(0);
	expect(io.out()).toContain("api-gateway");
});

it("refuses what is no artifact", async () => {
	await expect(inspected(vector("truncated"))).rejects.toMatchObject({ code: "ARTIFACT_MALFORMED" });
});

it("names a missing file argument", async () => {
	await expect(inspect([], capturedIo())).rejects.toMatchObject({ code: "COMMAND_USAGE" });
});
