import { createHash } from "node:crypto";
import { AgeKeyring } from "./age-keyring.js";
import { DecryptError } from "./decrypt-error.js";

/**
 * Gives the present text of an age key file, at every decryption anew.
 *
 * Of an error that it rejects with, only a `code` of the operating system (`ENOENT`) is shown.
 */
export type AgeIdentitySource = () => Promise<string>;

/**
 * A key file that may be rotated while it is in use: the newest identities are tried first, and those before them
 * stay until the newest have opened something.
 */
export class AgeKeyFile {
	readonly #source: AgeIdentitySource;
	/** Newest first; the last has opened something, or else is the first there was. */
	#keyrings: readonly AgeKeyring[] = [];
	/** Of the newest keyring's text. */
	#digest: string | undefined;
	#problem: DecryptError | undefined;
	/** The text is looked at one reading after the other, so that an older one cannot overtake a newer. */
	#reading: Promise<unknown> = Promise.resolve();

	/** `text` is what the file held before now; throws `DECRYPT_NO_IDENTITY` when a line of it is no identity. */
	constructor(source: AgeIdentitySource, text?: string) {
		this.#source = source;
		if (text === undefined) return;
		this.#keyrings = [new AgeKeyring(text)];
		this.#digest = digest(text);
	}

	/** What is wrong with the newest text though an older one still opens. */
	get problem(): DecryptError | undefined {
		return this.#problem;
	}

	/**
	 * Reads the file anew, and opens a binary age file as {@link AgeKeyring.open} does.
	 *
	 * What is held already is tried meanwhile, since reading takes half as long as opening and rarely tells anything new;
	 * where it does, what was opened is wiped.
	 */
	async open(file: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
		const held = this.#keyrings;
		const [early, problem] = await Promise.all([attempt(held, file, signal), this.#follow()]);
		this.#problem = problem;
		if (held === this.#keyrings && !signal.aborted) return this.#conclude(early, problem);
		if (early.kind === "opened") early.plaintext.fill(0);
		signal.throwIfAborted();
		return this.#conclude(await attempt(this.#keyrings, file, signal), problem);
	}

	#conclude(tried: Attempt, problem: DecryptError | undefined): Uint8Array {
		if (tried.kind === "failed") throw tried.error;
		if (tried.kind === "refused") throw explain(tried.refusal, problem);
		this.#prove(tried.keyring);
		this.#problem ??= tried.refusal;
		return tried.plaintext;
	}

	/** Resolves with what is wrong with the file's present text, if anything. */
	#follow(): Promise<DecryptError | undefined> {
		const reading = this.#reading.then(() => this.#reread());
		this.#reading = reading;
		return reading;
	}

	async #reread(): Promise<DecryptError | undefined> {
		try {
			const text = await this.#source();
			const current = digest(text);
			if (current === this.#digest) return undefined;
			const keyring = new AgeKeyring(text);
			await keyring.import();
			this.#keyrings = [keyring, ...this.#keyrings.slice(-1)];
			this.#digest = current;
			return undefined;
		} catch (error) {
			return error instanceof DecryptError ? error : unreadable(error);
		}
	}

	#prove(keyring: AgeKeyring): void {
		const [newest, ...older] = this.#keyrings;
		// Never a new list of the same: whoever opens at this moment would take it for other keys.
		if (keyring === newest && older.length > 0) this.#keyrings = [keyring];
	}
}

/** What came of trying keyrings in their order; `refusal` is of the first that did not fit. */
type Attempt = { readonly refusal: DecryptError | undefined } & (
	| { readonly kind: "opened"; readonly keyring: AgeKeyring; readonly plaintext: Uint8Array }
	| { readonly kind: "refused" }
	| { readonly kind: "failed"; readonly error: unknown }
);

/** Never rejects. */
async function attempt(
	keyrings: readonly AgeKeyring[],
	file: Uint8Array,
	signal: AbortSignal,
): Promise<Attempt> {
	let refusal: DecryptError | undefined;
	for (const keyring of keyrings) {
		try {
			return { kind: "opened", keyring, plaintext: await keyring.open(file, signal), refusal };
		} catch (error) {
			if (!isNoIdentity(error)) return { kind: "failed", error, refusal };
			refusal ??= error;
		}
	}
	return { kind: "refused", refusal };
}

/**
 * Kept in place of the text, which is secret; of what stands between white space, since the same file is often first read by
 * someone who takes that away.
 */
function digest(text: string): string {
	return createHash("sha256").update(text.trim()).digest("base64");
}

function isNoIdentity(error: unknown): error is DecryptError {
	return error instanceof DecryptError && error.code === "DECRYPT_NO_IDENTITY";
}

function unreadable(error: unknown): DecryptError {
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	const reason = /^E[A-Z0-9]+$/.test(code) ? ` (${code})` : "";
	return new DecryptError(
		"DECRYPT_NO_IDENTITY",
		`The age key file cannot be read${reason}; check that it exists and that this process may read it.`,
		{ retryable: true },
	);
}

/** What to say once everything was tried, where at least one of the two went wrong. */
function explain(
	refusal: DecryptError | undefined,
	problem: DecryptError | undefined,
): DecryptError | undefined {
	if (problem === undefined || refusal === undefined) return problem ?? refusal;
	const { message, retryable } = problem;
	return new DecryptError(
		"DECRYPT_NO_IDENTITY",
		`No identity read earlier opens this artifact, and now ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
		{ retryable },
	);
}
