import type { VerifiedArtifact } from "@clef-sh/artifact";
import {
	BYTES_PER_TURN,
	DecryptError,
	type Decryptor,
	decryptSecrets,
	stepByStep,
} from "@clef-sh/decryptors";
import { isCodedError } from "./error-code.js";
import { ServedSecrets } from "./open-secrets.js";

/** When plaintext exists: from refresh to refresh, or only while it is being read. */
export type ModeName = "cached" | "jit";

/**
 * The two halves that differ between the modes; everything else is the same for both. `T` is what the cell
 * holds: open secrets when cached, the still encrypted artifact when just-in-time.
 */
export interface Mode<T> {
	readonly name: ModeName;
	/** Longest time to serve without a successful refresh. */
	readonly staleAfterMs: number;
	readonly pollMs: number;
	decrypt(artifact: VerifiedArtifact, signal: AbortSignal): Promise<ServedSecrets>;
	/**
	 * What the cell shall hold for a verified artifact; `decrypt` decrypts it. With `mustOpen` it rejects when that
	 * fails, also where nothing is decrypted yet: something good is then held that it would replace.
	 */
	prepare(artifact: VerifiedArtifact, decrypt: () => Promise<ServedSecrets>, mustOpen: boolean): Promise<T>;
	/** Secrets from what the cell holds. */
	open(content: T, signal: AbortSignal): ServedSecrets | Promise<ServedSecrets>;
	/** How many secrets the content has, where that is known without decrypting. */
	keyCount(content: T): number | undefined;
	/** Wipes what left the cell. */
	release(content: T): void;
}

/** How long just-in-time serves without hearing from its source, since its TTL of 0 cannot say. */
const JIT_STALE_AFTER_MS = 300_000;
const JIT_POLL_MS = 5_000;
const SHORTEST_POLL_MS = 1_000;

/** Decrypts at refresh; opening costs nothing. `ttlSeconds` is above 0. */
export function cachedMode(decryptor: Decryptor, ttlSeconds: number): Mode<ServedSecrets> {
	return {
		name: "cached",
		staleAfterMs: ttlSeconds * 1000,
		pollMs: Math.max(SHORTEST_POLL_MS, ttlSeconds * 100),
		decrypt: (artifact, signal) => decryptToServe(artifact, decryptor, signal),
		prepare: (_, decrypt) => decrypt(),
		open: (content) => content,
		keyCount: (content) => content.secrets.size,
		release: (content) => {
			retireAfterThisTurn(content);
		},
	};
}

/** Holds the encrypted artifact only; each opening decrypts, and readers that meet share one decryption. */
export function jitMode(decryptor: Decryptor): Mode<VerifiedArtifact> {
	const flights = new Map<VerifiedArtifact, Promise<ServedSecrets>>();
	return {
		name: "jit",
		staleAfterMs: JIT_STALE_AFTER_MS,
		pollMs: JIT_POLL_MS,
		decrypt: (artifact, signal) => decryptToServe(artifact, decryptor, signal),
		async prepare(artifact, decrypt, mustOpen) {
			if (mustOpen) (await decrypt()).retire();
			return artifact;
		},
		open(artifact, signal) {
			const running = flights.get(artifact);
			if (running !== undefined) return running;
			const flight = decryptToServe(artifact, decryptor, signal)
				.then(retireAfterThisTurn)
				.finally(() => flights.delete(artifact));
			flights.set(artifact, flight);
			return flight;
		},
		keyCount: () => undefined,
		// The cell holds nothing open; what a flight opens is retired by itself.
		release: () => undefined,
	};
}

async function decryptToServe(
	artifact: VerifiedArtifact,
	decryptor: Decryptor,
	signal: AbortSignal,
): Promise<ServedSecrets> {
	try {
		const secrets = await decryptSecrets(artifact, decryptor, signal);
		const body = await stepByStep(secrets.serialise(BYTES_PER_TURN));
		return new ServedSecrets(artifact.header.revision, secrets, body);
	} catch (cause) {
		if (isCodedError(cause)) throw cause;
		throw new DecryptError("DECRYPT_UNWRAP_FAILED", "The decryptor failed unexpectedly.", { cause });
	}
}

/**
 * Whoever opened it in this turn retains it within the same turn; after that the last one wipes. Without the wait, a
 * reader to whom it was promised just before would get zeros for secrets.
 */
function retireAfterThisTurn(served: ServedSecrets): ServedSecrets {
	setImmediate(() => served.retire());
	return served;
}
