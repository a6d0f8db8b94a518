import { createHash, randomBytes as cryptoRandomBytes } from "node:crypto";
import {
	importTrustedKey,
	parseArtifact,
	parseSecrets,
	signingPayload,
	TrustFloor,
	type UnverifiedArtifact,
	verifyArtifact,
} from "@clef-sh/artifact";
import { encryptWithAge } from "./age-encrypt.js";
import { PackError } from "./pack-error.js";
import { SigningKey } from "./signing-key.js";

/** What goes into one artifact. */
export interface PackOptions {
	/** The payload as JSON: `{KEY: value}` or `{namespace: {KEY: value}}`. */
	readonly secrets: Uint8Array;
	/** The service identity it is packed for, which agents may insist on: a plain name. */
	readonly identity: string;
	/** The environment it is packed for, which agents may insist on: a plain name. */
	readonly environment: string;
	/** Who can open it: `age1…` or `age1pq1…`, at least one, all of one kind. */
	readonly recipients: readonly string[];
	/** Ed25519 or P-256, as PKCS#8 PEM or base64 DER; unsigned when left out. */
	readonly signingKey?: string;
	/** Whole seconds from now until agents stop serving it; never when left out. */
	readonly ttlSeconds?: number;
	/** Wall clock in epoch milliseconds. */
	readonly now: () => number;
	/** Feeds the revision only; the system's generator when left out. */
	readonly randomBytes?: (length: number) => Uint8Array;
}

/** Names end up in paths and in one line of the signing payload, so they are kept plain. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The last instant that ISO 8601 writes with a four-digit year. */
const LAST_INSTANT_MS = Date.UTC(10_000, 0) - 1;

/**
 * Encrypts secrets, signs them when a key is given, and resolves with the artifact's JSON text.
 *
 * Rejects with `PACK_INPUT_INVALID` or `PACK_KEY_INVALID`. The text has passed the agent's own parser and
 * verification before it is handed out.
 */
export async function packArtifact(options: PackOptions): Promise<string> {
	assertName("identity", options.identity);
	assertName("environment", options.environment);
	const nowMs = options.now();
	const expiresAt = expiryOf(options.ttlSeconds, nowMs);
	const signingKey = options.signingKey === undefined ? undefined : new SigningKey(options.signingKey);
	const ciphertext = await encryptSecrets(options.secrets, options.recipients);
	const revisionSuffix = Buffer.from((options.randomBytes ?? cryptoRandomBytes)(4)).toString("hex");
	const unsigned = {
		version: 1,
		identity: options.identity,
		environment: options.environment,
		packedAt: new Date(nowMs).toISOString(),
		revision: `${nowMs}-${revisionSuffix}`,
		ciphertextHash: createHash("sha256").update(ciphertext).digest("hex"),
		ciphertext,
		...(expiresAt === undefined ? {} : { expiresAt }),
	};
	const text = toText({ ...unsigned, ...(signingKey ? signatureOf(unsigned, signingKey) : {}) });
	assertAcceptable(text, options, signingKey, nowMs);
	return text;
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
async function encryptSecrets(payload: Uint8Array, recipients: readonly string[]): Promise<string> {
	const secrets = parseSecrets(payload, (sentence) => new PackError("PACK_INPUT_INVALID", sentence));
	const plaintext = new TextEncoder().encode(JSON.stringify(secrets.reveal()));
	try {
		return Buffer.from(await encryptWithAge(plaintext, recipients)).toString("base64");
	} finally {
		plaintext.fill(0);
	}
}

function signatureOf(unsigned: object, key: SigningKey): { signature: string; signatureAlgorithm: string } {
	const { header, encryption } = parseOwn(toText(unsigned));
	return { signature: key.sign(signingPayload(header, encryption)), signatureAlgorithm: key.algorithm };
}

function assertAcceptable(
	text: string,
	options: PackOptions,
	key: SigningKey | undefined,
	nowMs: number,
): void {
	const { identity, environment } = options;
	const trustedKeys = key ? [importTrustedKey(key.publicKey)] : [];
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
