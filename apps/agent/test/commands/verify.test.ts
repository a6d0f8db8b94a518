import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type VectorName, vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { verify } from "../../src/commands/verify.js";
import { capturedIo } from "../captured-io.js";

const { ed25519PublicKey, ecdsaPublicKey } = vectorKeys;

function prepared(name: VectorName, env: Record<string, string> = {}) {
	const io = capturedIo({ env });
	writeFileSync(join(io.cwd, "a.json"), vector(name));
	writeFileSync(join(io.cwd, "verify.key"), `${ed25519PublicKey}\n`);
	return io;
}

it.each([
	["signed", ed25519PublicKey],
	["signed-expires", ed25519PublicKey],
	["signed-ecdsa", ecdsaPublicKey],
	["signed", `${ecdsaPublicKey},${ed25519PublicKey}`],
	["signed", "verify.key"],
] as const)("%s with %s is ok", async (name, key) => {
	const io = prepared(name);
	expect(await verify(["--key", key, "a.json"], io)).toBe(0);
	expect(io.out()).toMatch(/^ok: api-gateway\/production, revision \S+\n$/);
});

it("takes the key from the environment, as text or as a file", async () => {
	expect(await verify(["a.json"], prepared("signed", { CLEF_AGENT_VERIFY_KEY: ed25519PublicKey }))).toBe(0);
	expect(await verify(["a.json"], prepared("signed", { CLEF_AGENT_VERIFY_KEY_FILE: "verify.key" }))).toBe(0);
});

it("prefers the key that is given", async () => {
	const io = prepared("signed", { CLEF_AGENT_VERIFY_KEY: ed25519PublicKey });
	await expect(verify(["--key", ecdsaPublicKey, "a.json"], io)).rejects.toMatchObject({
		code: "ARTIFACT_SIGNATURE_INVALID",
	});
});

it.each([
	["plain", "ARTIFACT_SIGNATURE_MISSING"],
	["tampered-identity", "ARTIFACT_SIGNATURE_INVALID"],
	["tampered-ciphertext", "ARTIFACT_DIGEST_MISMATCH"],
	["tampered-rehashed", "ARTIFACT_SIGNATURE_INVALID"],
	["truncated", "ARTIFACT_MALFORMED"],
	["revoked", "ARTIFACT_REVOKED"],
] as const)("%s is refused: %s", async (name, code) => {
	const io = prepared(name);
	await expect(verify(["--key", ed25519PublicKey, "a.json"], io)).rejects.toMatchObject({ code });
	expect(io.out()).toBe("");
});

it("a revocation without a date is refused too", async () => {
	const io = prepared("plain");
	writeFileSync(join(io.cwd, "a.json"), '{"revokedAt":1}');
	await expect(verify(["--key", ed25519PublicKey, "a.json"], io)).rejects.toMatchObject({
		code: "ARTIFACT_REVOKED",
		message: "The artifact was revoked; pack a new one.",
	});
});

it("an end in the past is refused", async () => {
	const io = { ...prepared("signed-expires"), now: () => Date.UTC(2080, 0) };
	await expect(verify(["--key", ed25519PublicKey, "a.json"], io)).rejects.toMatchObject({
		code: "ARTIFACT_EXPIRED",
	});
});

it.each(["--identity", "--environment"])("A7 refuses another %s", async (option) => {
	const io = prepared("signed");
	const args = ["--key", ed25519PublicKey, option, "other", "a.json"];
	await expect(verify(args, io)).rejects.toMatchObject({ code: "ARTIFACT_SUBJECT_MISMATCH" });
});

it("A7 accepts the expected subject", async () => {
	const io = prepared("signed");
	const subject = ["--identity", "api-gateway", "--environment", "production"];
	expect(await verify(["--key", ed25519PublicKey, ...subject, "a.json"], io)).toBe(0);
});

it("without a key nothing is called ok", async () => {
	await expect(verify(["a.json"], prepared("plain"))).rejects.toMatchObject({
		code: "COMMAND_USAGE",
		message: "there is no key to verify with",
	});
});

it("an unreadable key file is an error of its own", async () => {
	await expect(verify(["--key", "none", "a.json"], prepared("signed"))).rejects.toMatchObject({
		message: "cannot read none: there is no such file or folder",
	});
	const io = prepared("signed", { CLEF_AGENT_VERIFY_KEY_FILE: "none" });
	await expect(verify(["a.json"], io)).rejects.toMatchObject({ code: "COMMAND_INPUT" });
});

it("A10 refuses a key it cannot use", async () => {
	const io = prepared("signed");
	await expect(verify(["--key", `M${"A".repeat(63)}`, "a.json"], io)).rejects.toMatchObject({
		code: "ARTIFACT_KEY_UNSUPPORTED",
	});
});

it("names a missing file argument", async () => {
	await expect(verify([], capturedIo())).rejects.toMatchObject({ code: "COMMAND_USAGE" });
});
