import type { Source, SourceResult, Validator, Watch } from "./source.js";
import { SourceError } from "./source-error.js";

/**
 * Gives the present text of a token's file, before every read anew.
 *
 * Of an error that it rejects with, only a `code` of the operating system (`ENOENT`) is shown.
 */
export type TokenReading = () => Promise<string>;

/**
 * A source whose token may be rotated while it is in use: the newest token is tried first, and the one before it
 * stays until the newest has been accepted.
 */
export class RotatingSource implements Source {
	readonly type: Source["type"];
	readonly description: string;
	readonly place: string | undefined;
	readonly #reread: TokenReading;
	readonly #sourceWith: (token: string) => Source;
	#token: string;
	#newest: Source;
	/** Of the last token that was accepted, while the newest has not been. */
	#proven: Source | undefined;
	#isNewestProven = false;
	#problem: SourceError | undefined;

	/** `token` is what the file held before now; throws what `sourceWith` throws for it. */
	constructor(reread: TokenReading, token: string, sourceWith: (token: string) => Source) {
		this.#reread = reread;
		this.#sourceWith = sourceWith;
		this.#token = token;
		this.#newest = sourceWith(token);
		this.type = this.#newest.type;
		this.description = this.#newest.description;
		this.place = this.#newest.place;
	}

	/** What is wrong with the newest token though an older one still works. */
	get credentialProblem(): SourceError | undefined {
		return this.#problem;
	}

	async read(validator: Validator | undefined, signal: AbortSignal): Promise<SourceResult> {
		this.#problem = await this.#follow();
		signal.throwIfAborted();
		try {
			const result = await this.#newest.read(validator, signal);
			this.#isNewestProven = true;
			this.#proven = undefined;
			return result;
		} catch (error) {
			if (!isRefusal(error)) throw error;
			if (this.#proven === undefined) throw withProblem(error, this.#problem);
			return await this.#readAsBefore(this.#proven, error, validator, signal);
		}
	}

	/** With the token before the newest, which was refused; where both are, what is said is said of the newest. */
	async #readAsBefore(
		proven: Source,
		refusal: SourceError,
		validator: Validator | undefined,
		signal: AbortSignal,
	): Promise<SourceResult> {
		try {
			const result = await proven.read(validator, signal);
			this.#problem = refusedButOlderWorks(refusal);
			return result;
		} catch (error) {
			throw isRefusal(error) ? withProblem(refusal, this.#problem) : error;
		}
	}

	watch(onChange: () => void): Watch {
		return this.#newest.watch?.(onChange) ?? { close: () => undefined };
	}

	/** Resolves with what is wrong with the file's present text, if anything. */
	async #follow(): Promise<SourceError | undefined> {
		const text = await this.#present();
		if (text instanceof SourceError || text === this.#token)
			return text instanceof SourceError ? text : undefined;
		try {
			const next = this.#sourceWith(text);
			if (this.#isNewestProven) this.#proven = this.#newest;
			this.#newest = next;
			this.#isNewestProven = false;
			this.#token = text;
			return undefined;
		} catch (error) {
			if (error instanceof SourceError) return error;
			throw error;
		}
	}

	async #present(): Promise<string | SourceError> {
		try {
			const text = (await this.#reread()).replace(/^\uFEFF/, "").trim();
			return text === "" ? unusable(this.description, "is empty") : text;
		} catch (error) {
			const code = error instanceof Error && "code" in error ? String(error.code) : "";
			const reason = /^E[A-Z0-9]+$/.test(code) ? ` (${code})` : "";
			return unusable(this.description, `cannot be read${reason}`);
		}
	}
}

/** Some hosts say "not found" for what a token may not see. */
function isRefusal(error: unknown): error is SourceError {
	return error instanceof SourceError && ["SOURCE_UNAUTHORIZED", "SOURCE_NOT_FOUND"].includes(error.code);
}

function unusable(description: string, what: string): SourceError {
	return new SourceError(
		"SOURCE_UNAUTHORIZED",
		`The file with the token for ${description} ${what}; the token before it stays in use until a new one is there.`,
	);
}

function refusedButOlderWorks({ message }: SourceError): SourceError {
	return new SourceError(
		"SOURCE_UNAUTHORIZED",
		`The new token is refused, and the one before it is still used: ${message}`,
	);
}

/** Where the file is broken too, that is the likelier reason. */
function withProblem(error: SourceError, problem: SourceError | undefined): SourceError {
	if (problem === undefined) return error;
	const { retryable } = error;
	return new SourceError(error.code, `${error.message} ${problem.message}`, { retryable });
}
