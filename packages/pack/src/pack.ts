import { createHash, randomBytes as cryptoRandomBytes } from "node:crypto";
import {
	importTrustedKey,
	type KmsEnvelope,
	parseArtifact,
	parseSecrets,
	signingPayload,
	type TrustedKey,
	TrustFloor,
	type UnverifiedArtifact,
	verifyArtifact,
} from "@clef-sh/artifact";
import { encryptWithAge } from "./age-encrypt.js";
import type { KeyWrapper } from "./key-wrapper.js";
import { PackError } from "./pack-error.js";
import { sealEnvelope } from "./seal-envelope.js";
import type { Signer } from "./signer.js";
import { SigningKey } from "./signing-key.js";

/** What goes into one artifact, who can open it, and who vouches for it. */
export type PackOptions = PackContent & Sealing & Signing;

/** What goes into one artifact. */
export interface PackContent {
	/** The payload as JSON: `{KEY: value}` or `{namespace: {KEY: value}}`. */
	readonly secrets: Uint8Array;
	/** The service identity it is packed for, which agents may insist on: a plain name. */
	readonly identity: string;
	/** The environment it is packed for, which agents may insist on: a plain name. */
	readonly environment: string;
	/** Whole seconds from now until agents stop serving it; never when left out. */
	readonly ttlSeconds?: number;
	/** Wall clock in epoch milliseconds. */
	readonly now: () => number;
	/** Feeds the revision only; the system's generator when left out. */
	readonly randomBytes?: (length: number) => Uint8Array;
}

/** Who can open it. */
export type Sealing =
	| {
			/** Holders of age keys: `age1…` or `age1pq1…`, at least one, all of one kind. */
			readonly recipients: readonly string[];
			readonly kms?: never;
	  }
	| {
			/** Whoever may have the data key unwrapped by this KMS. */
			readonly kms: KeyWrapper;
			readonly recipients?: never;
	  };

/** Who vouches for it; nobody when both are left out. */
export type Signing =
	| {
			/** Ed25519 or P-256, as PKCS#8 PEM or base64 DER. */
			readonly signingKey?: string;
			readonly signer?: never;
	  }
	| {
			/** A key that is not at hand. */
			readonly signer: Signer;
			readonly signingKey?: never;
	  };

/** Names end up in paths and in one line of the signing payload, so they are kept plain. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The last instant that ISO 8601 writes with a four-digit year. */
const LAST_INSTANT_MS = Date.UTC(10_000, 0) - 1;

/**
 * Encrypts secrets, signs them when a key is given, and resolves with the artifact's JSON text.
 *
 * Rejects with `PACK_INPUT_INVALID`, `PACK_KEY_INVALID` or `PACK_KMS_FAILED`. The text has passed the agent's own
 * parser and verification before it is handed out.
 */
export async function packArtifact(options: PackOptions): Promise<string> {
	assertExclusive(options);
	assertName("identity", options.identity);
	assertName("environment", options.environment);
	const nowMs = options.now();
	const expiresAt = expiryOf(options.ttlSeconds, nowMs);
	const signer = options.signingKey === undefined ? options.signer : new SigningKey(options.signingKey);
	const verifyKey = signer && importTrustedKey(await signer.publicKey());
	const { ciphertext, envelope } = await encryptSecrets(options);
	const revisionSuffix = Buffer.from((options.randomBytes ?? cryptoRandomBytes)(4)).toString("hex");
	const unsigned = {
		version: 1,
		identity: options.identity,
		environment: options.environment,
		packedAt: new Date(nowMs).toISOString(),
		revision: `${nowMs}-${revisionSuffix}`,
		ciphertextHash: createHash("sha256").update(ciphertext).digest("hex"),
		ciphertext,
		...(envelope && { envelope }),
		...(expiresAt !== undefined && { expiresAt }),
	};
	const signature = signer && (await signatureOf(unsigned, signer));
	const text = toText({
		...unsigned,
		...(verifyKey && { signature, signatureAlgorithm: verifyKey.algorithm }),
	});
	assertAcceptable(text, options, verifyKey, nowMs);
	return text;
}

/** The types say so too, but a program without them would not be told which of the two was dropped. */
function assertExclusive({ recipients, kms, signingKey, signer }: PackOptions): void {
	const both = [
		[recipients, kms, "recipients and a KMS"],
		[signingKey, signer, "a signing key and a signer"],
	].find(([one, other]) => one !== undefined && other !== undefined);
	if (both === undefined) return;
	throw new PackError("PACK_INPUT_INVALID", `Both ${both[2]} were given; give one of the two.`);
}

function assertName(what: "identity" | "environment", name: string): void {
	if (NAME.test(name) && !name.includes("..")) return;
	throw new PackError(
		"PACK_INPUT_INVALID",
		`The ${what} is not a plain name; use up to 128 letters, digits, dots, dashes and underscores.`,
	);
}

function expiryOf(ttlSeconds: number | undefined, nowMs: number): string | undefined {
	if (ttlSeconds === undefined) return undefined;
	const expiresAtMs = nowMs + ttlSeconds * 1000;
	if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds <= 0 || expiresAtMs > LAST_INSTANT_MS) {
		throw new PackError(
			"PACK_INPUT_INVALID",
			"The time to live is not a positive whole number of seconds that ends before the year 10000; give one like 86400.",
		);
	}
	return new Date(expiresAtMs).toISOString();
}

/** What is encrypted is what an agent would read from the payload: every value a string, nothing else kept. */
async function encryptSecrets(
	options: PackOptions,
): Promise<{ readonly ciphertext: string; readonly envelope?: KmsEnvelope }> {
	const secrets = parseSecrets(options.secrets, (sentence) => new PackError("PACK_INPUT_INVALID", sentence));
	const plaintext = new TextEncoder().encode(JSON.stringify(secrets.reveal()));
	try {
		const sealed = options.kms
			? await sealEnvelope(plaintext, options.kms)
			: { ciphertext: await encryptWithAge(plaintext, options.recipients) };
		return { ...sealed, ciphertext: Buffer.from(sealed.ciphertext).toString("base64") };
	} finally {
		plaintext.fill(0);
	}
}

async function signatureOf(unsigned: object, signer: Signer): Promise<string> {
	const { header, encryption } = parseOwn(toText(unsigned));
	return Buffer.from(await signer.sign(signingPayload(header, encryption))).toString("base64");
}

function assertAcceptable(
	text: string,
	{ identity, environment }: PackContent,
	verifyKey: TrustedKey | undefined,
	nowMs: number,
): void {
	const trustedKeys = verifyKey ? [verifyKey] : [];
	verifyArtifact(parseOwn(text), { identity, environment, trustedKeys, floor: new TrustFloor() }, nowMs);
}

function parseOwn(text: string): UnverifiedArtifact {
	const parsed = parseArtifact(new TextEncoder().encode(text));
	if (parsed.kind === "artifact") return parsed;
	throw new PackError("PACK_INPUT_INVALID", "The packed artifact reads as a revocation; please report this.");
}

function toText(fields: object): string {
	return `${JSON.stringify(fields, null, 2)}\n`;
}
