import { generateKeyPairSync } from "node:crypto";
import { importTrustedKeys } from "@clef-sh/artifact";
import { sealArtifact, sealFields, signFields } from "@clef-sh/testkit/artifacts";
import { settle } from "@clef-sh/testkit/clock";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { VerifyKeys } from "../src/verify-keys.js";
import { startAgent } from "./harness.js";

const [first, second] = [vectorKeys.ed25519PublicKey, vectorKeys.ecdsaPublicKey];

/** Keys over a file that holds what the test says, or fails as it says. */
function keys() {
	const file: { holds: string | Error } = { holds: first };
	const reread = async () => {
		if (file.holds instanceof Error) throw file.holds;
		return file.holds;
	};
	return { file, reread, verifyKeys: new VerifyKeys(importTrustedKeys(first), reread) };
}

describe("VerifyKeys", () => {
	it("D38 takes a new set as a whole, and tells only of a change", async () => {
		const { file, verifyKeys } = keys();
		expect(await verifyKeys.follow()).toBe(false);
		file.holds = `${first},${second}`;
		expect(await verifyKeys.follow()).toBe(true);
		file.holds = `${second},${first}\n`;
		expect(await verifyKeys.follow()).toBe(false);
		file.holds = second;
		expect(await verifyKeys.follow()).toBe(true);
		expect(verifyKeys.trusted.map(({ algorithm }) => algorithm)).toEqual(["ECDSA_SHA256"]);
	});

	it.each<[string, string | Error, string]>([
		["emptied", "", "ARTIFACT_KEY_UNSUPPORTED"],
		["of no use", "not a key", "ARTIFACT_KEY_UNSUPPORTED"],
		["unreadable", Object.assign(new RangeError("x"), { code: "EISDIR" }), "CONFIG_INVALID"],
		["unreadable for an unknown reason", new RangeError("x"), "CONFIG_INVALID"],
	])("D38 A10 never trusts less strictly because the file is %s", async (_, holds, code) => {
		const { file, verifyKeys } = keys();
		file.holds = holds;
		expect(await verifyKeys.follow()).toBe(false);
		expect(verifyKeys.trusted).toHaveLength(1);
		expect(verifyKeys.problem).toMatchObject({ code });
		file.holds = first;
		await verifyKeys.follow();
		expect(verifyKeys.problem).toBeUndefined();
	});

	it("stays as it is without a file", async () => {
		const fixed = new VerifyKeys(importTrustedKeys(first));
		expect(await fixed.follow()).toBe(false);
		expect(fixed.trusted).toHaveLength(1);
	});
});

describe.each([300, 0])("an agent whose verify keys are rotated, at a TTL of %i", (ttlSeconds) => {
	const pair = generateKeyPairSync("ed25519");
	const rotated = pair.publicKey.export({ type: "spki", format: "der" }).toString("base64");
	const signingKey = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();

	const start = async () => {
		const { file, reread } = keys();
		const options = { ttlSeconds, rereadVerifyKeys: reread };
		return { file, ...(await startAgent(await sealArtifact(), options)) };
	};

	it("D38 does not let an unmodified answer vouch for a signer that is no longer trusted", async () => {
		const { agent, clock, events, file, source } = await start();
		file.holds = rotated;
		await agent.refresh();
		expect(source.reads.at(-1)).toBeUndefined();
		expect(events.at(-1)).toMatchObject({ code: "ARTIFACT_SIGNATURE_INVALID" });
		expect(agent.status().state).toBe("ready");
		await clock.advance(330_000);
		expect(agent.status().state).toBe("cache_expired");
		const packedAt = "2026-11-22T04:31:00Z";
		source.put(await sealArtifact({ revision: "r2", packedAt, signingKey }));
		await agent.refresh();
		expect(agent.status()).toMatchObject({ state: "ready", revision: "r2", lastError: null });
	});

	it("D38 D40 does not forget that when a pause of the process cuts the first read after the rotation", async () => {
		const { agent, file, source } = await start();
		file.holds = rotated;
		source.once(
			(signal) =>
				new Promise((_, reject) => {
					signal.addEventListener("abort", () => reject(signal.reason));
				}),
		);
		const refreshing = agent.refresh();
		await settle();
		void agent.resumed();
		await expect(refreshing).resolves.toMatchObject({
			kind: "kept",
			error: { code: "ARTIFACT_SIGNATURE_INVALID" },
		});
		expect(source.reads.slice(1)).toEqual([undefined, undefined]);
	});

	it("D38 T21 takes no unmodified answer to a question that was not asked", async () => {
		const { agent, file, source } = await start();
		file.holds = `${first},${rotated}`;
		source.once(() => ({ kind: "unmodified" }));
		await expect(agent.refresh()).resolves.toMatchObject({
			kind: "kept",
			error: { code: "SOURCE_BAD_RESPONSE" },
		});
	});

	it("A1 gives the key that signed the held artifact anew a floor of its own", async () => {
		const { file, reread } = keys();
		const fields = await sealFields();
		const body = Buffer.from(JSON.stringify(fields));
		const { agent, events, source } = await startAgent(body, { ttlSeconds, rereadVerifyKeys: reread });
		file.holds = `${first},${rotated}`;
		source.put(Buffer.from(JSON.stringify(signFields(fields, signingKey))));
		await agent.refresh();
		await agent.refresh();
		source.put(await sealArtifact({ revision: "r0", packedAt: "2026-11-22T04:29:00Z", signingKey }));
		await agent.refresh();
		expect(events.at(-1)).toMatchObject({ reason: "rollback" });
	});

	it("D38 keeps what it has when both keys are trusted for a while", async () => {
		const { agent, file, drain } = await start();
		drain();
		file.holds = `${first},${rotated}`;
		await agent.refresh();
		await agent.refresh();
		expect(agent.status()).toMatchObject({ state: "ready", lastError: null });
		expect(drain()).toEqual([]);
	});

	it("D38 tells once that the file cannot be used, while everything goes on", async () => {
		const { agent, drain, events, file } = await start();
		drain();
		file.holds = "";
		await agent.refresh();
		await agent.refresh();
		expect(events).toEqual([
			expect.objectContaining({ event: "credential.failed", code: "ARTIFACT_KEY_UNSUPPORTED" }),
		]);
		expect(agent.status()).toMatchObject({ state: "ready", lastError: null });
	});
});
