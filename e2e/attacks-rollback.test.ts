import { generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sealFields } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AttackStage, ago, MODES } from "./attack-stage.js";
import { eventually } from "./eventually.js";
import { temporaryFolder } from "./temporary-folder.js";

const SUBJECT = { CLEF_AGENT_IDENTITY: "api-gateway", CLEF_AGENT_ENVIRONMENT: "production" };
const ROLLED_BACK = { code: "ARTIFACT_ROLLED_BACK", reason: "rollback" };
const EQUIVOCATED = { code: "ARTIFACT_EQUIVOCATED", reason: "equivocation" };
const FROM_FUTURE = { code: "ARTIFACT_FROM_FUTURE", reason: "future" };
const WRONG_SUBJECT = { code: "ARTIFACT_SUBJECT_MISMATCH", reason: "subject" };
const UNSIGNED = { code: "ARTIFACT_SIGNATURE_MISSING", reason: "signature_missing" };
const FORGED = { code: "ARTIFACT_SIGNATURE_INVALID", reason: "signature_invalid" };
const EVIL = { KEY: "an-evil-value" };

/** An agent that keeps what it has in a directory. */
async function onDisk(ttl: string) {
	const cachePath = join(temporaryFolder(), "cache");
	const stage = await AttackStage.ready(ttl, { variables: { CLEF_AGENT_CACHE_PATH: cachePath } });
	const folder = join(cachePath, "clef-agent");
	const record = () =>
		eventually("a record on disk", () => {
			const name = existsSync(folder) && readdirSync(folder).find((each) => each.endsWith(".clef"));
			return name ? readFileSync(join(folder, name), "latin1") : undefined;
		});
	return { stage, record };
}

/** Waits for the end of an artifact's life, and says when that was noticed. */
async function expiry({ agent }: AttackStage): Promise<number> {
	await eventually("503 artifact_expired", async () => {
		const { status, json } = await agent.get("/v1/ready");
		return status === 503 && json().reason === "artifact_expired";
	});
	return Date.now();
}

/** Puts an artifact of a short life out, served in this way from then on, and sees it end on time. */
async function expiresOnTime(stage: AttackStage, serve: (body: string) => Behaviour): Promise<void> {
	const secrets = { KEY: "a-value-of-a-short-life" };
	const expiresAt = new Date(Date.now() + 2_000).toISOString();
	const short = JSON.stringify(await sealFields({ ...stage.next(secrets), expiresAt }));
	await stage.accepts("one that expires soon", short, JSON.stringify(secrets));
	stage.server.respondWith(serve(short));
	const noticed = await expiry(stage);
	expect(noticed).toBeGreaterThanOrEqual(Date.parse(expiresAt));
	expect(noticed).toBeLessThan(Date.parse(expiresAt) + 1_000);
	expect(await stage.agent.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_EXPIRED" });
}

/** Nothing the source repeats brings an expired artifact back. */
async function staysExpired(stage: AttackStage): Promise<void> {
	const asked = stage.server.requests.length;
	stage.agent.signal("SIGHUP");
	await eventually("another poll", () => stage.server.requests.length > asked);
	expect(await stage.agent.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_EXPIRED" });
	await stage.agent.logged("artifact.expired");
	await stage.recovers();
}

describe.each(MODES)("%s, through the built command", (_, ttl) => {
	it("A1 refuses older, validly signed artifacts and keeps the newer one, also across a restart", async () => {
		const { stage, record } = await onDisk(ttl);
		await stage.recovers();
		const older = { revision: "old", packedAt: ago(7_200), secrets: EVIL };
		await stage.refuses("an older one", await sealFields(older), ROLLED_BACK);
		await stage.refuses("the very first", stage.first, ROLLED_BACK);
		const yearsOld = { ...older, packedAt: "1970-01-01T00:00:00Z" };
		await stage.refuses("one of 1970", await sealFields(yearsOld), ROLLED_BACK);
		expect(await record()).toContain("good-2");
		await stage.restart("SIGKILL");
		await stage.agent.logged("artifact.restored", { revision: "good-2" });
		await stage.refuses("the very first after a restart", stage.first, ROLLED_BACK);
		await stage.recovers();
	});

	it("A2 lets the newest artifact expire on time though it is replayed for ever as if it were new", async () => {
		const stage = await AttackStage.ready(ttl);
		await expiresOnTime(stage, (body) => behaviours.ok(body, { etag: null }));
		await staysExpired(stage);
	});

	it("A3 refuses packedAt in 2099, and does not lock a second verify key out", async () => {
		const other = generateKeyPairSync("ed25519");
		const publicKey = other.publicKey.export({ type: "spki", format: "der" }).toString("base64");
		const signingKey = other.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
		const stage = await AttackStage.ready(ttl, {
			variables: { CLEF_AGENT_VERIFY_KEY: `${vectorKeys.ed25519PublicKey},${publicKey}` },
		});
		for (const packedAt of ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z", ago(-360)]) {
			const future = { revision: "future", packedAt, secrets: EVIL };
			await stage.refuses(packedAt, await sealFields(future), FROM_FUTURE);
			await stage.refuses(packedAt, await sealFields({ ...future, signingKey }), FROM_FUTURE);
		}
		const ahead = { revision: "ahead", packedAt: ago(-240), secrets: { KEY: "four-minutes-ahead" } };
		await stage.accepts("four minutes ahead", await sealFields(ahead), JSON.stringify(ahead.secrets));
		await stage.refuses("one of now", await sealFields(stage.next(EVIL)), ROLLED_BACK);
		const fresh = { ...stage.next({ KEY: "of-the-second-key" }), signingKey };
		await stage.accepts("the second key", await sealFields(fresh), JSON.stringify(fresh.secrets));
		const older = await sealFields({ ...fresh, revision: "old", packedAt: ago(7_200) });
		await stage.refuses("an older one of the second key", older, ROLLED_BACK);
	});

	it("A4 answers 503 on time when expiresAt passes while the source answers 304", async () => {
		const stage = await AttackStage.ready(ttl);
		const statuses: number[] = [];
		await expiresOnTime(stage, (body) => (request, response) => {
			response.on("finish", () => statuses.push(response.statusCode));
			behaviours.ok(body)(request, response);
		});
		stage.agent.signal("SIGHUP");
		await eventually("a 304", () => statuses.includes(304));
		expect(new Set(statuses)).toEqual(new Set([304]));
		await staysExpired(stage);
	});

	it("A5 checks everything again when the same revision comes with another ciphertext, unsigned", async () => {
		const stage = await AttackStage.ready(ttl);
		const { revision, packedAt, signature, signatureAlgorithm, ciphertextHash } = stage.first;
		const subject = { revision: String(revision), packedAt: String(packedAt), secrets: EVIL };
		const unsigned = await sealFields({ ...subject, signingKey: false });
		await stage.refuses("unsigned", unsigned, UNSIGNED);
		const borrowed = { ...unsigned, signature, signatureAlgorithm };
		await stage.refuses("with the good one's signature", borrowed, FORGED);
		await stage.refuses(
			"with the good one's hash too",
			{ ...borrowed, ciphertextHash },
			{ code: "ARTIFACT_DIGEST_MISMATCH", reason: "integrity" },
		);
		await stage.recovers();
	});

	it("A6 refuses the same revision with other bytes, both signed, as equivocation", async () => {
		const stage = await AttackStage.ready(ttl);
		const { revision, packedAt } = stage.first;
		for (const at of [String(packedAt), ago(60), ago(7_200)]) {
			const twin = await sealFields({ revision: String(revision), packedAt: at, secrets: EVIL });
			await stage.refuses(`the same revision packed at ${at}`, twin, EQUIVOCATED);
		}
		await stage.recovers();
	});

	it("A7 refuses what is signed for another identity or environment", async () => {
		const stage = await AttackStage.ready(ttl, { variables: SUBJECT });
		const others = [{ identity: "billing" }, { environment: "staging" }, { identity: "API-gateway" }];
		for (const other of others) {
			const foreign = await sealFields({ ...stage.next(EVIL), ...other });
			await stage.refuses(JSON.stringify(other), foreign, WRONG_SUBJECT);
			const relabelled = { ...foreign, identity: "api-gateway", environment: "production" };
			await stage.refuses("the same, relabelled", relabelled, FORGED);
		}
		await stage.recovers();
	});

	it("A8 refuses what is unsigned and expired, and wipes nothing in memory or on disk", async () => {
		const { stage, record } = await onDisk(ttl);
		const before = await record();
		const expired = { ...stage.next(EVIL), expiresAt: ago(1_800) };
		await stage.refuses("unsigned, expired", await sealFields({ ...expired, signingKey: false }), UNSIGNED);
		const signed = behaviours.ok(JSON.stringify(await sealFields(expired)));
		await stage.shows(signed, "a signed, expired one", ({ event }) => event === "artifact.expired");
		await stage.stillServes("a signed, expired one");
		expect(await record()).toBe(before);
		await stage.recovers();
	});

	it.each([
		["signed", true],
		["unsigned and otherwise malformed", false],
	])(
		"A9 stays revoked by a body that is %s when the artifact from before is replayed",
		async (_how, whole) => {
			const { stage, record } = await onDisk(ttl);
			await record();
			const revokedAt = ago(1);
			const kill = whole ? { ...stage.first, revokedAt } : { revokedAt, version: "x" };
			const revoked = behaviours.ok(JSON.stringify(kill));
			await stage.shows(revoked, "revoked", ({ event }) => event === "artifact.revoked");
			const replay = async (when: string): Promise<void> => {
				await stage.shows(
					behaviours.ok(JSON.stringify(stage.first)),
					`a replay ${when}`,
					({ code, event }) => event === "artifact.invalid" && code === "ARTIFACT_REVOKED",
				);
				expect(await stage.agent.secrets()).toMatchObject({ status: 503, code: "ARTIFACT_REVOKED" });
				expect((await stage.agent.get("/v1/ready")).json()).toEqual({ ready: false, reason: "revoked" });
			};
			await replay("at once");
			expect(await record()).not.toContain("ciphertext");
			await stage.restart("SIGKILL");
			await replay("after a restart");
			const later = { revision: "later", packedAt: ago(0), secrets: { KEY: "packed-after-it" } };
			await stage.accepts("a later one", await sealFields(later), JSON.stringify(later.secrets));
		},
	);
});
