import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentError, type AgentOptions, CacheError, createAgent, SourceError } from "../src/index.js";

const inline = (bytes: Uint8Array): AgentOptions => ({
	source: { kind: "inline", bytes },
	decryptor: { ageIdentities: vectorKeys.ageSecretKey },
});

describe("createAgent", () => {
	it("hands out the secrets once it resolves", async () => {
		await using agent = await createAgent({
			...inline(vector("signed")),
			verifyKeys: vectorKeys.ed25519PublicKey,
			identity: "api-gateway",
			environment: "production",
		});
		expect(agent.secrets().reveal()).toEqual(vectorSecrets);
		expect(agent.mode).toBe("cached");
	});

	it("rejects with the first refresh's own error, and closes", async () => {
		const events: string[] = [];
		const creating = createAgent({
			...inline(vector("expired")),
			onEvent: ({ event }) => events.push(event),
		});
		await expect(creating).rejects.toMatchObject({ code: "ARTIFACT_EXPIRED" });
		expect(events).toEqual(["agent.started", "artifact.expired", "agent.stopped"]);
	});

	it("rejects with a source's error", async () => {
		const options = { ...inline(vector("plain")), source: { kind: "file", path: "/no/such/file" } } as const;
		await expect(createAgent(options)).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
		await expect(createAgent(options)).rejects.toBeInstanceOf(SourceError);
	});

	it("rejects a revoked artifact", async () => {
		const creating = createAgent(inline(vector("revoked")));
		await expect(creating).rejects.toMatchObject({ code: "ARTIFACT_REVOKED", reason: "revoked" });
		await expect(creating).rejects.toBeInstanceOf(CacheError);
	});

	it("resolves at once in the background, and loads later by itself", async () => {
		const source = new ScriptedSource(await sealArtifact());
		source.failWith(new SourceError("SOURCE_UNREACHABLE", "Down.", { retryable: true }));
		const clock = new ManualClock();
		await using agent = await createAgent({
			...inline(vector("signed")),
			source,
			clock,
			random: () => 0.5,
			firstLoad: "background",
		});
		await clock.advance(60_000);
		expect(agent.status()).toMatchObject({ state: "not_loaded", lastError: { code: "SOURCE_UNREACHABLE" } });
		source.recover();
		const failed = source.reads.length;
		await clock.advance(300_000);
		expect(source.reads.length).toBeGreaterThan(failed);
		await agent.refresh();
		expect(agent.status().state).toBe("ready");
	});
});

describe("options", () => {
	const problemsOf = async (options: unknown): Promise<readonly string[]> => {
		const error = await createAgent(options as AgentOptions).then(
			() => undefined,
			(reason: unknown) => reason,
		);
		expect(error).toBeInstanceOf(AgentError);
		return (error as AgentError).problems;
	};
	const valid = inline(vector("plain"));

	it("refuses a misspelt option, which must not switch verification off", async () => {
		expect(await problemsOf({ ...valid, verifyKey: "x" })).toEqual([
			"verifyKey is not an option of createAgent; check its spelling.",
		]);
	});

	it("refuses an empty list of keys, which would switch verification off without a word", async () => {
		expect(await problemsOf({ ...valid, verifyKeys: [] })).toEqual([
			"verifyKeys holds no key; leave it out to run without verification.",
		]);
	});

	it("D38 refuses keys that can only be read later: until then anything would be trusted", async () => {
		const rereadVerifyKeys = async () => vectorKeys.ed25519PublicKey;
		expect(await problemsOf({ ...valid, rereadVerifyKeys })).toEqual([
			"rereadVerifyKeys needs verifyKeys: the keys that are trusted until it is first called.",
		]);
	});

	it("reports every problem of form at once", async () => {
		const problems = await problemsOf({
			source: "s3",
			decryptor: 7,
			ttlSeconds: -1,
			firstLoad: "never",
			identity: "",
			environment: 4,
			onEvent: "log",
			clock: 1,
			random: 2,
			verifyKeys: 3,
		});
		expect(problems).toHaveLength(10);
		expect(problems.every((problem) => problem.endsWith("."))).toBe(true);
	});

	it("reports every problem of content at once, without a secret", async () => {
		const problems = await problemsOf({
			source: { kind: "http", url: "not a url" },
			decryptor: { ageIdentities: "AGE-SECRET-KEY-1MARKER" },
			verifyKeys: "bWFya2Vy",
		});
		expect(problems).toHaveLength(3);
		expect(problems.join()).not.toContain("MARKER");
	});

	it("names what is missing, and refuses what is no object", async () => {
		expect(await problemsOf({})).toEqual(["source is missing.", "decryptor is missing."]);
		expect(await problemsOf(undefined)).toEqual(["The options must be an object."]);
	});

	it.each([1.5, Number.NaN, 31_536_001, "300"])("refuses a TTL of %s", async (ttlSeconds) => {
		expect(await problemsOf({ ...valid, ttlSeconds })).toEqual([
			"ttlSeconds must be a whole number from 0 to 31536000.",
		]);
	});

	it("passes on what is not a mistake of the options", async () => {
		const decryptor = {
			get ageIdentities(): string {
				throw new RangeError("not ours");
			},
		};
		await expect(createAgent({ ...valid, decryptor })).rejects.toBeInstanceOf(RangeError);
	});

	it("takes imported keys as well as their text", async () => {
		const { importTrustedKeys } = await import("../src/index.js");
		const verifyKeys = importTrustedKeys(`${vectorKeys.ecdsaPublicKey},${vectorKeys.ed25519PublicKey}`);
		for (const name of ["signed", "signed-ecdsa"] as const) {
			await using agent = await createAgent({ ...inline(vector(name)), verifyKeys });
			expect(agent.secrets().reveal()).toEqual(vectorSecrets);
		}
	});
});
