import { AssertionError, ok, strictEqual } from "node:assert";
import { parseArtifact, type Secrets, TrustFloor, verifyArtifact } from "@clef-sh/artifact";
import { createDecryptor, DecryptError, decryptSecrets } from "@clef-sh/decryptors";
import { vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { caseCount, stressSeed } from "../stress-settings.js";
import { codeOf, REVOKED } from "./artifact-oracle.js";
import { type ArtifactSeed, artifactSeeds, ENVELOPE_SECRETS } from "./artifact-seeds.js";
import { type DecryptCase, decryptCase } from "./decrypt-cases.js";
import { KMS_STAND_INS } from "./kms-stand-ins.js";
import { VALUE_MARK } from "./payload-cases.js";
import { namesIn, packedIn } from "./payload-oracle.js";
import { assertPrintable } from "./printable.js";
import { runCases } from "./run-cases.js";
import { DATA_KEY } from "./sealed-envelopes.js";
import { areSecrets } from "./secrets-oracle.js";

/** Three of a hundred artifacts. */
const CASES = Math.ceil(caseCount("CLEF_FUZZ_ARTIFACTS", 1_000_000) * 0.03);
const ENOUGH_FOR_EVERY_OUTCOME = 1_000;
const MOST_GROWTH = 256 * 1_048_576;
const SLOW_MS = 2_000;
const MAX_MESSAGE = 1_000;
const OPENED = "opened";
const REFUSALS = [
	"DECRYPT_NO_IDENTITY",
	"DECRYPT_UNWRAP_FAILED",
	"DECRYPT_AUTHENTICATION_FAILED",
	"DECRYPT_PAYLOAD_MALFORMED",
];

/** No message may show any of this; what is shorter turns up by chance. */
const CONFIDENTIAL: readonly string[] = [
	vectorKeys.ageSecretKey,
	DATA_KEY.toString("hex"),
	DATA_KEY.toString("base64"),
	...Object.values(ENVELOPE_SECRETS),
	...Object.values(vectorSecrets)
		.flatMap((namespace) => Object.values(namespace))
		.filter((value) => value.length > 8),
];

const GENUINE = [vectorSecrets, ENVELOPE_SECRETS].map((secrets) =>
	packedIn(Buffer.from(JSON.stringify(secrets))),
);
/** Every one of them opens: a revocation would only be taken as one. */
const seeds: readonly ArtifactSeed[] = artifactSeeds().filter(
	({ name }) => !["revoked", "expired"].includes(name),
);
const decryptor = createDecryptor({ ageIdentities: vectorKeys.ageSecretKey, kms: KMS_STAND_INS });
const policy = { trustedKeys: [], floor: new TrustFloor() };
const nowMs = Date.parse("2026-11-22T04:30:00.000Z");
const { signal } = new AbortController();

async function judge(sample: DecryptCase): Promise<string> {
	const startedMs = performance.now();
	const outcome = await outcomeOf(sample.body).catch((error: unknown) => error);
	const tookMs = performance.now() - startedMs;
	ok(tookMs <= SLOW_MS, `it took ${Math.round(tookMs)} ms`);
	if (outcome === REVOKED) return REVOKED;
	if (outcome instanceof DecryptError) return decryptCode(outcome, sample);
	if (outcome instanceof Error) return codeOf(outcome);
	assertGenuine(outcome as Secrets, sample);
	return OPENED;
}

async function outcomeOf(body: Buffer): Promise<Secrets | typeof REVOKED> {
	const parsed = parseArtifact(body);
	if (parsed.kind === "revocation") return REVOKED;
	return decryptSecrets(verifyArtifact(parsed, policy, nowMs), decryptor, signal);
}

function decryptCode({ code, message, cause }: DecryptError, { payload }: DecryptCase): string {
	ok(REFUSALS.includes(code), `the code ${code} is unknown`);
	assertPrintable(message, MAX_MESSAGE);
	const said = cause instanceof Error ? `${message} ${cause.message}` : message;
	for (const text of CONFIDENTIAL) ok(!said.includes(text), `an error shows ${JSON.stringify(text)}`);
	const names = payload === undefined ? [] : namesIn(payload);
	const isName = names.some((name) => name.includes(VALUE_MARK));
	ok(!said.includes(VALUE_MARK) || isName, "an error shows a value");
	if (payload !== undefined) {
		strictEqual(code, "DECRYPT_PAYLOAD_MALFORMED", "what is soundly sealed was not opened");
		strictEqual(packedIn(payload), undefined, "it refused what is a payload");
	}
	return code;
}

function assertGenuine(secrets: Secrets, { payload }: DecryptCase): void {
	const packed = payload === undefined ? GENUINE : [packedIn(payload)];
	const isGenuine = packed.some((one) => one !== undefined && areSecrets(secrets, one));
	if (!isGenuine) throw new AssertionError({ message: "it opened as something that nobody packed" });
}

const run = (seed: number, count: number) =>
	runCases(
		{
			name: "decryption",
			warmUp: 1_000,
			make: (from, index) => decryptCase(seeds, from, index),
			bytesOf: ({ body }) => body,
			judge,
		},
		seed,
		count,
	);

describe("mutated artifacts that nobody checks for a signature", () => {
	it("start from artifacts that open", async () => {
		for (const { bytes } of seeds) expect(await judge({ body: bytes })).toBe(OPENED);
	});

	it("follow from the seed alone", async () => {
		const [one, again] = [await run(1, 300), await run(1, 300)];
		expect(again.digest()).toBe(one.digest());
	});

	it(`open, ${CASES} of them, as what was packed or not at all`, async () => {
		const record = await run(stressSeed(), CASES);
		console.log(`${record.summary()}; digest ${record.digest()}`);
		expect(record.total).toBe(CASES);
		expect(record.growth).toBeLessThan(MOST_GROWTH);
		if (CASES >= ENOUGH_FOR_EVERY_OUTCOME)
			expect([...record.counts.keys()]).toEqual(expect.arrayContaining([OPENED, ...REFUSALS]));
	});
});
